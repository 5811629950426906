"""`hilum read --resume`: what is read again and what is not, and what a signal in the middle leaves."""

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import BasicTextSRStorage

from fabricate_archive import damaged, write_archive
from fabricate_dicom import dicom_bytes, object_bytes
from fabricate_pictures import marked, picture_bytes
from whole_output import assert_whole, lines, listing


def test_resume_reads_what_changed_failed_or_is_new(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    scans, out = tmp_path / "scans", tmp_path / "out"
    for name in ("changed.png", "same.png"):
        write_png(scans / name)
    (scans / "failed.png").write_text("no image")
    assert hilum("read", scans, "--out", out, "--model", toy, "--no-gate").exit_code == 1
    before = (out / "same.png.json").stat().st_mtime_ns
    for name in ("changed.png", "failed.png", "new.png"):
        write_png(scans / name, grey=9)
    result = hilum("read", scans, "--out", out, "--model", toy, "--no-gate", "--resume", "--json")
    assert result.exit_code == 0
    assert sorted(Path(json.loads(line)["source"]["name"]).name for line in result.stdout.splitlines()) == [
        "changed.png",
        "failed.png",
        "new.png",
    ]
    assert sorted(assert_whole(out)) == ["changed.png", "failed.png", "new.png", "same.png"]
    assert (out / "failures.jsonl").read_text() == ""
    assert (out / "same.png.json").stat().st_mtime_ns == before


def test_resume_with_other_settings_or_models_reads_again(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path
) -> None:
    from fabricate_bundle import ToyBundle

    write_png(tmp_path / "scans" / "a.png")

    def read(*arguments: object) -> int:
        result = hilum("read", tmp_path / "scans", "--out", tmp_path / "out", "--json", *arguments)
        assert result.exit_code == 0, result.stderr
        return len(result.stdout.splitlines())

    other = ToyBundle(operating_point=0.25).write(tmp_path / "other").folder
    assert read("--model", toy, "--no-gate") == 1
    assert read("--model", toy, "--no-gate", "--resume") == 0
    assert read("--model", toy, "--no-gate", "--resume", "--jobs", 1) == 0
    assert read("--model", toy, "--no-gate", "--resume", "--heatmaps", "all") == 1
    assert read("--model", other, "--no-gate", "--resume") == 1
    assert read("--model", other, "--no-gate") == 1
    assert len(lines(tmp_path / "out" / "readings.jsonl")) == 1


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Images enough to be in the middle of them when a signal comes."""
    folder = tmp_path / "scans"
    folder.mkdir()
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (220, 220), np.uint8)
    for number in range(60):
        Image.fromarray(np.roll(pixels, number, 0)).save(folder / f"{number:03}.png", compress_level=0)
    return folder


def stop_in_the_middle(process: "subprocess.Popen[str]", out: Path, *, with_signal: signal.Signals) -> str:
    deadline = time.monotonic() + 60
    journal = out / "readings.jsonl"
    while not journal.exists() or journal.read_bytes().count(b"\n") < 3:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(with_signal)
    return process.communicate()[1]


@pytest.mark.parametrize(
    ("sent", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated"), (signal.SIGKILL, -9, "")],
)
def test_signal_in_the_middle_leaves_whole_files_and_resume_goes_on(
    start_hilum: Any, toy: Path, many: Path, tmp_path: Path, sent: signal.Signals, code: int, word: str
) -> None:
    out = tmp_path / "out"
    arguments = ("read", many, "--out", out, "--model", toy, "--no-gate")
    process = start_hilum(*arguments)
    said = stop_in_the_middle(process, out, with_signal=sent)
    assert process.returncode == code
    assert "Traceback" not in said
    if word:
        assert said.splitlines()[-1] == f"hilum: {word}; what was written is whole"
        assert "--resume" in said
        before = assert_whole(out)
        assert "index.html" in listing(out)
    else:
        before = [record["relative_path"] for record in lines(out / "readings.jsonl")]
    assert 3 <= len(before) < 60
    first = (out / "000.png.json").stat().st_mtime_ns
    again = start_hilum(*arguments, "--resume", "--quiet")
    assert again.communicate() == ("", "")
    assert again.returncode == 0
    assert assert_whole(out) == [f"{number:03}.png" for number in range(60)]
    assert (out / "000.png.json").stat().st_mtime_ns == first
    assert not list(out.rglob(".hilum-tmp-*"))


def test_what_failed_for_good_is_not_tried_again(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    write_png(tmp_path / "scans" / "good.png")
    bad = tmp_path / "scans" / "bad.png"
    bad.write_text("no image")
    arguments = ("read", tmp_path / "scans", "--out", tmp_path / "out", "--model", toy, "--no-gate", "--resume")
    assert hilum(*arguments).exit_code == 1
    assert hilum(*arguments).exit_code == 1  # tried again, as ever
    skipped = hilum(*arguments, "--skip-failed")
    assert skipped.exit_code == 0, skipped.stderr
    assert "not tried again: 1 file that failed before; " in skipped.stderr
    failures = (tmp_path / "out" / "failures.jsonl").read_text().splitlines()
    assert [json.loads(line)["relative_path"] for line in failures] == ["bad.png"]
    bad.write_text("still no image")  # other bytes: another try
    assert hilum(*arguments, "--skip-failed").exit_code == 1
    assert hilum(*arguments, "--skip-failed", "--max-pixels", "100000").exit_code == 1  # other settings: another try
    for more, said in ((("--frame", "1", "--resume"), "--frame may mend"), ((), "--skip-failed needs --resume")):
        refused = hilum(*arguments[:-1], "--skip-failed", *more)
        assert refused.exit_code == 2
        assert said in refused.stderr


def test_what_failed_by_its_frame_is_tried_again_without_it(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path
) -> None:
    write_png(tmp_path / "scans" / "good.png")
    (tmp_path / "scans" / "bad.png").write_text("no image")
    out = tmp_path / "out"
    arguments = ("read", tmp_path / "scans", "--out", out, "--model", toy, "--no-gate", "--resume")
    assert hilum(*arguments, "--frame", "2").exit_code == 1
    failures = lines(out / "failures.jsonl")
    assert [(one["relative_path"], one["source"]["frame"]) for one in failures] == [("bad.png", 2), ("good.png", 2)]
    assert hilum(*arguments, "--skip-failed").exit_code == 1
    (bad,) = lines(out / "failures.jsonl")
    assert (bad["relative_path"], bad["source"]["frame"]) == ("bad.png", None)
    assert hilum(*arguments, "--skip-failed").exit_code == 0
    del bad["source"]["frame"]  # so failures were written before: nobody knows whether a frame was asked for
    (out / "readings.jsonl").write_text(json.dumps(bad) + "\n")
    assert hilum(*arguments, "--skip-failed").exit_code == 1


def test_an_archive_is_read_and_resumed_like_a_folder(hilum: Any, toy: Path, tmp_path: Path) -> None:
    picture = picture_bytes(np.random.default_rng(0).integers(0, 256, (48, 64), np.uint8), "PNG")
    files = {"ser/IM1": dicom_bytes(marked()), "b.png": picture, "sr": object_bytes(BasicTextSRStorage)}
    study, out = write_archive(tmp_path / "study.zip", files), tmp_path / "readings"
    command = ("read", study, "--out", out, "--model", toy, "--no-gate")
    result = hilum(*command)
    assert result.exit_code == 0, result.output
    assert "Skipped 1 file: Basic Text SR (DICOM, not a radiograph)" in result.stderr
    assert assert_whole(out) == ["study.zip/b.png", "study.zip/ser/IM1"]
    assert [record["source"]["name"] for record in lines(out / "readings.jsonl")] == [
        f"{study}/b.png",
        f"{study}/ser/IM1",
    ]
    before = (out / "study.zip/b.png.json").stat().st_mtime_ns
    assert "skipped, read before" in hilum(*command, "--resume").output
    assert (out / "study.zip/b.png.json").stat().st_mtime_ns == before
    damaged(study, name="b.png")
    again = hilum(*command, "--resume")
    assert again.exit_code == 1
    assert lines(out / "failures.jsonl")[0]["relative_path"] == "study.zip/b.png"
    assert "damaged in its ZIP archive" in lines(out / "failures.jsonl")[0]["error"]["message"]

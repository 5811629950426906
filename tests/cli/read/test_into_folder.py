"""`hilum read --out`: the folder's contents, resuming, locks, signals and full disks, with real processes."""

import json
import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from PIL import Image
from pydicom.uid import BasicTextSRStorage

from fabricate_archive import damaged, write_archive
from fabricate_dicom import dicom_bytes, object_bytes
from fabricate_pictures import marked, picture_bytes
from hilum.output.lock import FolderLock
from hilum.report.schema import reading_schema


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def listing(folder: Path) -> set[str]:
    """All files but hidden ones."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts)}


def assert_whole(folder: Path) -> list[str]:
    """Every file under `folder` is whole, and every whole reading is in the journal; the paths in the journal."""
    validate = Draft202012Validator(reading_schema()).validate
    journal = lines(folder / "readings.jsonl")
    for record in journal:
        validate(record)
        relative = record["relative_path"]
        reading = {key: value for key, value in record.items() if key != "relative_path"}
        assert json.loads((folder / f"{relative}.json").read_text()) == reading
    for path in folder.rglob("*.png"):
        with Image.open(path) as picture:
            picture.load()
    for path in folder.rglob("*.html"):
        assert path.read_text().rstrip().endswith("</html>")
    return [record["relative_path"] for record in journal]


def test_folder_holds_what_is_promised(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    scans, out = tmp_path / "scans", tmp_path / "readings"
    write_png(scans / "a.png", grey=250)
    write_png(scans / "sub" / "b")
    (scans / "bad.dcm").write_text("no image")
    (scans / "README.txt").write_text("text")
    result = hilum("read", scans, "--out", out, "--model", toy, "--no-gate")
    assert result.exit_code == 1
    outputs = {f"{name}{end}" for name in ("a.png", "sub/b") for end in (".json", ".overlay.jpg", ".html")}
    assert listing(out) == outputs | {
        "bad.dcm.html",
        "index.html",
        "readings.csv",
        "readings.jsonl",
        "failures.jsonl",
        "skipped.jsonl",
    }
    assert [record["relative_path"] for record in lines(out / "readings.jsonl")] == ["a.png", "bad.dcm", "sub/b"]
    assert lines(out / "failures.jsonl") == [lines(out / "readings.jsonl")[1]]
    assert lines(out / "failures.jsonl")[0]["error"]["kind"] == "decode"
    assert lines(out / "skipped.jsonl") == [{"name": str(scans / "README.txt"), "reason": "not an image"}]
    assert (out / "index.html").read_text().count("a.png.html") >= 1
    assert str(out / "index.html") in result.stdout.replace("\n", "")
    (said,) = [line for line in result.stderr.splitlines() if "bad.dcm" in line]
    assert said.startswith("hilum: ")


def test_json_and_out_together(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    write_png(tmp_path / "scans" / "a.png")
    result = hilum("read", tmp_path / "scans", "--out", tmp_path / "out", "--model", toy, "--no-gate", "--json")
    (found,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert found == json.loads((tmp_path / "out" / "a.png.json").read_text())


def test_standard_input_into_a_folder(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    image = write_png(tmp_path / "x.png")
    assert (
        hilum("read", "-", "--out", tmp_path / "out", "--model", toy, "--no-gate", stdin=image.read_bytes()).exit_code
        == 0
    )
    assert lines(tmp_path / "out" / "readings.jsonl")[0]["source"]["name"] == "-"
    assert (tmp_path / "out" / "stdin.html").exists()


def test_many_files_get_the_summary_only(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    for number in range(13):
        write_png(tmp_path / "scans" / f"{number:02}.png")
    result = hilum("read", tmp_path / "scans", "--out", tmp_path / "out", "--model", toy, "--no-gate")
    assert "13  read" in result.stdout
    assert "Pneumonia" not in result.stdout
    again = hilum("read", tmp_path / "scans", "--out", tmp_path / "out", "--model", toy, "--no-gate", "--resume")
    assert "13  skipped, read before" in again.stdout


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


def test_another_file_of_the_same_name_takes_no_reading_away(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    write_png(tmp_path / "one" / "IM1.png", grey=9)
    for name in ("IM1.png", "IM2.png"):
        write_png(tmp_path / "two" / name, grey=200)
    words = ("--out", out, "--model", toy, "--no-gate")
    assert hilum("read", tmp_path / "one", *words).exit_code == 0
    before = (out / "IM1.png.json").read_bytes()
    for more in ((), ("--resume",)):
        again = hilum("read", tmp_path / "two", *words, *more)
        assert again.exit_code == 1
        said = f"IM1.png: {out} holds the results of another file of this name, {tmp_path / 'one' / 'IM1.png'}"
        assert again.stderr.count(said) == 1
        assert (out / "IM1.png.json").read_bytes() == before
        assert sorted(assert_whole(out)) == ["IM1.png", "IM2.png"]
        assert (out / "failures.jsonl").read_text() == ""
    write_png(tmp_path / "one" / "IM1.png", grey=30)
    assert hilum("read", tmp_path / "one", *words).exit_code == 0
    assert (out / "IM1.png.json").read_bytes() != before, "a file that changed is read anew"
    shutil.copy(tmp_path / "one" / "IM1.png", tmp_path / "two" / "IM1.png")
    assert hilum("read", tmp_path / "two", *words).exit_code == 0, "a copy has the same reading"


def test_another_file_of_the_same_relative_name_is_told_by_the_folder_it_was_read_from(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, words = tmp_path / "out", ("--model", toy, "--no-gate")
    for grey, place in enumerate(("one", "two"), start=1):
        write_png(tmp_path / place / "IM1.png", grey=grey)
    monkeypatch.chdir(tmp_path / "one")
    assert hilum("read", "IM1.png", "--out", out, *words).exit_code == 0
    assert lines(out / "readings.jsonl")[0]["read_from"] == str(tmp_path / "one")
    monkeypatch.chdir(tmp_path / "two")
    assert hilum("read", ".", "--out", out, *words).exit_code == 1
    write_png(tmp_path / "one" / "IM1.png", grey=3)
    assert hilum("read", "../one", "--out", out, *words).exit_code == 0, "the same file, changed, by another name"


def test_two_folders_with_the_same_names_do_not_meet(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    write_png(tmp_path / "one" / "x.png", grey=0)
    write_png(tmp_path / "two" / "x.png", grey=255)
    out = tmp_path / "out"
    assert hilum("read", tmp_path / "one", tmp_path / "two", "--out", out, "--model", toy, "--no-gate").exit_code == 0
    found = [json.loads((out / side / "x.png.json").read_text())["findings"][0]["positive"] for side in ("one", "two")]
    assert found == [False, True]


def test_image_whose_page_would_be_the_index(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    write_png(tmp_path / "scans" / "index")
    write_png(tmp_path / "scans" / "x.png")
    result = hilum("read", tmp_path / "scans", "--out", tmp_path / "out", "--model", toy, "--no-gate")
    assert result.exit_code == 1
    assert "index.html is taken" in result.stderr
    assert [record["error"]["kind"] for record in lines(tmp_path / "out" / "failures.jsonl")] == ["output"]
    assert "x.png.html" in (tmp_path / "out" / "index.html").read_text()


def test_output_folder_inside_the_input_is_not_read(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    write_png(tmp_path / "a.png")
    for _ in range(2):
        assert hilum("read", tmp_path, "--out", tmp_path / "readings", "--model", toy, "--no-gate").exit_code == 0
        assert assert_whole(tmp_path / "readings") == ["a.png"]


def test_output_over_the_input_is_wrong_usage(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    write_png(tmp_path / "a.png")
    result = hilum("read", tmp_path, "--out", tmp_path, "--model", toy, "--no-gate")
    assert result.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_second_process_on_a_folder_is_refused(start_hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    write_png(tmp_path / "a.png")
    (tmp_path / "out").mkdir()
    arguments = ("read", tmp_path / "a.png", "--out", tmp_path / "out", "--model", toy, "--no-gate")
    with FolderLock(tmp_path / "out"):
        second = start_hilum(*arguments)
        _, said = second.communicate()
    assert second.returncode == 1
    assert said.startswith("hilum: Another hilum process is writing into")
    assert len(said.splitlines()) == 1
    third = start_hilum(*arguments)
    third.communicate()
    assert third.returncode == 0


def test_folder_that_cannot_be_made_is_one_line(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    image = write_png(tmp_path / "a.png")
    (tmp_path / "file").touch()
    result = hilum("read", image, "--out", tmp_path / "file" / "out", "--model", toy, "--no-gate")
    assert result.exit_code == 1
    assert result.stderr.startswith("hilum: Cannot write ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes into read-only folders")
def test_read_only_folder_is_one_line(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    image = write_png(tmp_path / "a.png")
    (tmp_path / "out").mkdir(mode=0o500)
    result = hilum("read", image, "--out", tmp_path / "out", "--model", toy, "--no-gate")
    assert result.exit_code == 1
    assert "Permission denied" in result.stderr


def test_full_disk_is_one_line_and_what_was_written_is_whole(
    start_hilum: Any, toy: Path, write_png: Any, tmp_path: Path
) -> None:
    """A limit on the size of files stands for the disk: the small image's outputs fit, the large one's do not."""
    write_png(tmp_path / "scans" / "a.png", size=(16, 16))
    write_png(tmp_path / "scans" / "b.png", noise=1, size=(1500, 1500))
    write_png(tmp_path / "scans" / "c.png", size=(16, 16))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    arguments = ("read", tmp_path / "scans", "--out", tmp_path / "out", "--model", toy, "--no-gate", "--quiet")
    process = start_hilum(*arguments, prepare=limit)
    _, said = process.communicate()
    assert process.returncode == 1
    assert said.startswith("hilum: Cannot write ")
    assert len(said.splitlines()) == 1
    assert set(assert_whole(tmp_path / "out")) <= {"a.png"}
    assert not list((tmp_path / "out").rglob(".hilum-tmp-*"))
    again = start_hilum(*arguments, "--resume")
    again.communicate()
    assert again.returncode == 0
    assert assert_whole(tmp_path / "out") == ["a.png", "b.png", "c.png"]


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


def test_progress_bar_is_drawn_on_standard_error_of_a_terminal_only(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.png", "b.png"):
        write_png(tmp_path / "scans" / name)
    arguments = ("read", tmp_path / "scans", "--model", toy, "--no-gate", "--json")
    assert hilum(*arguments).stderr == ""
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes it for a terminal
    shown = hilum(*arguments)
    assert "2/2" in shown.stderr
    assert len([json.loads(line) for line in shown.stdout.splitlines()]) == 2
    assert "2/2" not in hilum(*arguments, "--quiet").stderr
    assert "1/1" not in hilum("read", tmp_path / "scans" / "a.png", "--model", toy, "--no-gate", "--json").stderr


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


def test_an_older_output_inside_the_input_is_not_read(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    write_png(tmp_path / "scans" / "s.png", grey=250)
    for version in ("v1", "v2"):
        result = hilum("read", tmp_path / "scans", "--out", tmp_path / "scans" / version, "--model", toy, "--no-gate")
        assert result.exit_code == 0
        assert assert_whole(tmp_path / "scans" / version) == ["s.png"]
    assert "1 written by an earlier run of hilum" in result.stderr


def test_an_image_whose_outputs_have_too_long_names_fails_alone(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path
) -> None:
    scans, out = tmp_path / "scans", tmp_path / "out"
    long = f"{'胸' * 83}.png"
    for name in ("a.png", long):
        write_png(scans / name, grey=250)
    (scans / "notes.txt").write_text("text")
    for more in ([], ["--resume"], ["--resume", "--no-images"]):
        result = hilum("read", scans, "--out", out, "--model", toy, "--no-gate", *more)
        assert result.exit_code == 1
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert [record["error"]["kind"] for record in lines(out / "failures.jsonl")] == ["output"]
        assert [record["relative_path"] for record in lines(out / "readings.jsonl")] == ["a.png", long]
        assert json.dumps(long)[1:-1] in (out / "index.html").read_text()
        assert long in (out / "readings.csv").read_text(encoding="utf-8-sig")
        assert len(lines(out / "skipped.jsonl")) == 1


def test_a_name_long_enough_for_the_json_alone_is_read_and_resumed_without_images(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path
) -> None:
    scans, out = tmp_path / "scans", tmp_path / "out"
    write_png(scans / ("a" * 246 + ".png"), grey=250)
    for said in ("1  read", "1  skipped, read before"):
        result = hilum("read", scans, "--out", out, "--model", toy, "--no-gate", "--no-images", "--resume")
        assert (result.exit_code, said in result.output) == (0, True), result.output

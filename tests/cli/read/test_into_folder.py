"""`hilum read --out`: the folder's contents, resuming, locks, signals and full disks, with real processes."""

import json
import os
import resource
import shutil
from pathlib import Path
from typing import Any

import pytest

from hilum.output.lock import FolderLock
from whole_output import assert_whole, lines, listing


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

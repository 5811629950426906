"""What a batch reads: content decides, order is fixed, nothing is read twice or out of its own output."""

import io
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hilum.errors import UsageError
from hilum.output.inputs import InputFile, find_inputs


def png(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(buffer, "PNG")
    path.write_bytes(buffer.getvalue())
    return path


def relatives(*arguments: Path, out: Path | None = None) -> list[str]:
    return [file.relative for file in find_inputs([str(argument) for argument in arguments], out=out).files]


def test_folder_is_searched_in_sorted_order_and_names_stay_as_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("scans/b.png", "scans/a/2.png", "scans/a/1.png", "scans/c"):
        png(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    found = find_inputs(["scans/"], out=None)
    assert found.files == (
        InputFile("scans/a/1.png", "a/1.png"),
        InputFile("scans/a/2.png", "a/2.png"),
        InputFile("scans/b.png", "b.png"),
        InputFile("scans/c", "c"),
    )
    assert found.skipped == found.problems == ()


def test_content_decides_and_the_suffix_only_makes_a_surprise_visible(tmp_path: Path) -> None:
    png(tmp_path / "image_without_suffix")
    png(tmp_path / "notes.txt")  # an image all the same
    (tmp_path / "README.txt").write_text("about these images")
    (tmp_path / "renamed.PNG").write_text("no image at all")
    (tmp_path / "empty.dcm").touch()
    (tmp_path / "empty").touch()
    (tmp_path / ".hidden.png").write_bytes((tmp_path / "notes.txt").read_bytes())
    png(tmp_path / ".folder" / "x.png")
    found = find_inputs([str(tmp_path)], out=None)
    assert [file.relative for file in found.files] == [
        "empty.dcm",
        "image_without_suffix",
        "notes.txt",
        "renamed.PNG",
    ]
    assert [(Path(skipped.name).name, skipped.reason) for skipped in found.skipped] == [
        ("README.txt", "not an image"),
        ("empty", "not an image"),
    ]


def dicom(path: Path, *, sop_class: bytes) -> None:
    meta = b"\x02\x00\x02\x00UI" + struct.pack("<H", len(sop_class)) + sop_class
    path.write_bytes(bytes(128) + b"DICM" + meta)


def test_dicom_directory_is_passed_over_by_content(tmp_path: Path) -> None:
    dicom(tmp_path / "DICOMDIR", sop_class=b"1.2.840.10008.1.3.10\x00")
    dicom(tmp_path / "IM1", sop_class=b"1.2.840.10008.5.1.4.1.1.1\x00")
    found = find_inputs([str(tmp_path)], out=None)
    assert [file.relative for file in found.files] == ["IM1"]
    assert [skipped.reason for skipped in found.skipped] == ["a DICOM directory (DICOMDIR), which holds no pixels"]


def test_explicit_file_is_always_read(tmp_path: Path) -> None:
    (tmp_path / "README.txt").write_text("text")
    assert relatives(tmp_path / "README.txt", tmp_path / "absent.png") == ["README.txt", "absent.png"]


def test_same_relative_path_in_two_folders_stays_apart(tmp_path: Path) -> None:
    png(tmp_path / "one" / "x.png")
    png(tmp_path / "two" / "x.png")
    assert relatives(tmp_path / "one", tmp_path / "two") == ["one/x.png", "two/x.png"]
    assert relatives(tmp_path / "one" / "x.png", tmp_path / "two" / "x.png") == ["one/x.png", "two/x.png"]
    assert relatives(tmp_path / "one") == ["x.png"]


def test_a_file_named_in_several_ways_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    png(tmp_path / "scans" / "sub" / "x.png")
    monkeypatch.chdir(tmp_path)
    ways = ["scans", "scans/sub", str(tmp_path / "scans/sub/x.png"), "scans/../scans/sub/x.png"]
    assert find_inputs(ways, out=None).files == (InputFile("scans/sub/x.png", "sub/x.png"),)


def test_output_inside_the_input_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    png(tmp_path / "x.png")
    png(tmp_path / "readings" / "x.png.overlay.png")
    monkeypatch.chdir(tmp_path)
    assert find_inputs(["."], out=Path("readings")).files == (InputFile("x.png", "x.png"),)


def test_output_over_the_input_is_refused(tmp_path: Path) -> None:
    png(tmp_path / "scans" / "x.png")
    for out in (tmp_path / "scans", tmp_path, tmp_path / "scans" / "."):
        with pytest.raises(UsageError, match="is or holds the folder to read"):
            find_inputs([str(tmp_path / "scans")], out=out)
    assert relatives(tmp_path / "scans" / "x.png", out=tmp_path / "scans") == ["x.png"]


def test_loops_of_links_end_and_linked_files_are_read(tmp_path: Path) -> None:
    png(tmp_path / "scans" / "x.png")
    (tmp_path / "scans" / "loop").symlink_to(tmp_path / "scans")
    (tmp_path / "scans" / "link.png").symlink_to("x.png")
    (tmp_path / "scans" / "itself.png").symlink_to("itself.png")
    (tmp_path / "whole").symlink_to(tmp_path / "scans")
    found = find_inputs([str(tmp_path / "whole")], out=None)
    assert [file.relative for file in found.files] == ["itself.png", "link.png", "x.png"]
    assert [skipped.reason for skipped in found.skipped] == ["linked folder, not followed"]


def test_pipes_are_passed_over(tmp_path: Path) -> None:
    png(tmp_path / "x.png")
    os.mkfifo(tmp_path / "pipe.png")
    found = find_inputs([str(tmp_path)], out=None)
    assert [file.relative for file in found.files] == ["x.png"]
    assert [skipped.reason for skipped in found.skipped] == ["not a regular file"]


def test_folder_without_images_is_a_problem_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "README.txt").write_text("text")
    found = find_inputs([str(tmp_path)], out=None)
    assert found.files == ()
    (problem,) = found.problems
    assert problem.startswith(f"no image in {tmp_path}: 1 files looked at")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_folder_that_cannot_be_searched_is_a_problem(tmp_path: Path) -> None:
    png(tmp_path / "x.png")
    (tmp_path / "closed").mkdir(mode=0)
    found = find_inputs([str(tmp_path)], out=None)
    assert [file.relative for file in found.files] == ["x.png"]
    assert "Permission denied" in found.problems[0]


def test_standard_input_stands_alone() -> None:
    assert find_inputs(["-"], out=None).files == (InputFile("-", "stdin"),)
    with pytest.raises(UsageError, match="standard input"):
        find_inputs(["-", "x.png"], out=None)

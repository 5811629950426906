"""What a batch reads: content decides, order is fixed, nothing is read twice or out of its own output."""

import errno
import io
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import uid

from fabricate_archive import encrypted, write_archive, write_link
from fabricate_dicom import dicom_bytes, object_bytes
from fabricate_pictures import marked, picture_bytes
from hilum.errors import OutputError, UsageError
from hilum.output.folder import OutputFolder
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


def test_sound_dicom_objects_that_are_no_radiograph_are_passed_over_by_kind(tmp_path: Path) -> None:
    cine = dicom_bytes(np.stack([marked()] * 8), NumberOfFrames=8, Modality="US")
    files = {
        "IM1": dicom_bytes(marked()),
        "cine": cine,
        "ko": object_bytes(uid.KeyObjectSelectionDocumentStorage, modality="KO"),
        "cine of no modality": dicom_bytes(
            np.stack([marked()] * 8), NumberOfFrames=8, Modality="", SOPClassUID=uid.UltrasoundMultiFrameImageStorage
        ),
        "private": object_bytes("1.3.12.2.1107.5.9.1", modality="CT"),
        "procedure step": object_bytes("1.2.840.10008.3.1.2.3.3", modality="OT"),
        "sr.dcm": object_bytes(uid.BasicTextSRStorage, modality="SR"),
        "us": dicom_bytes(marked(), Modality="US"),
        "without pixels": object_bytes(uid.ComputedRadiographyImageStorage, modality="CR", Rows=4, Columns=4),
        "without rows": object_bytes(uid.ComputedRadiographyImageStorage, modality="CR", ReasonForStudy="x"),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    found = find_inputs([str(tmp_path)], out=None)
    assert [file.relative for file in found.files] == ["IM1", "us", "without pixels", "without rows"]
    assert {Path(skipped.name).name: skipped.reason for skipped in found.skipped} == {
        "cine": "several frames of modality US (DICOM, not a radiograph; --frame N reads one)",
        "ko": "Key Object Selection Document (DICOM, not a radiograph)",
        "cine of no modality": "several frames of modality unknown (DICOM, not a radiograph; --frame N reads one)",
        "procedure step": "an object without pixels of a class that is no image's (DICOM, not a radiograph)",
        "private": "an object without pixels of a class that is no image's (DICOM, not a radiograph)",
        "sr.dcm": "Basic Text SR (DICOM, not a radiograph)",
    }
    assert "cine" in [file.relative for file in find_inputs([str(tmp_path)], out=None, frame=2).files]
    assert relatives(tmp_path / "sr.dcm", tmp_path / "cine") == ["sr.dcm", "cine"]


@pytest.mark.parametrize("modality", ["DX", "CR", "OT"])
def test_several_frames_of_a_radiograph_stay_a_failure(tmp_path: Path, modality: str) -> None:
    (tmp_path / "x.dcm").write_bytes(dicom_bytes(np.stack([marked()] * 2), NumberOfFrames=2, Modality=modality))
    assert relatives(tmp_path) == ["x.dcm"]


def test_a_table_whose_name_begins_like_a_bitmap_is_no_image(tmp_path: Path) -> None:
    png(tmp_path / "x.png")
    (tmp_path / "BMI_table.csv").write_text("BMI,age\n21,40\n")
    assert relatives(tmp_path) == ["x.png"]


def test_what_an_earlier_run_wrote_is_not_read_wherever_it_lies(tmp_path: Path) -> None:
    reading, lungs = '{"schema": "hilum.reading/1"}', '{\n  "schema": "hilum.lungs/1"}'
    for folder in ("v1", "v1/sub", "moved"):
        png(tmp_path / folder / "x.png.overlay.png")
        (tmp_path / folder / "x.png.json").write_text(reading)
        png(tmp_path / folder / "y.png.mask.png")
        png(tmp_path / folder / "y.png.lungs.png")
        png(tmp_path / folder / "y.png.heart.png")
        (tmp_path / folder / "y.png.lungs.json").write_text(lungs)
    png(tmp_path / "v1" / "x.png")  # an image of one's own beside them
    png(tmp_path / "own" / "y.mask.png")
    png(tmp_path / "own" / "z.overlay.png")
    (tmp_path / "own" / "z.json").write_text('{"schema": "other"}')
    png(tmp_path / "report" / "figures" / "roc.png")
    (tmp_path / "report" / "report.json").write_text('{"schema": "hilum.report/1"}')
    png(tmp_path / "comparison" / "figures" / "roc.png")
    (tmp_path / "comparison" / "comparison.json").write_text('{"schema": "hilum.comparison/2"}')
    found = find_inputs([str(tmp_path)], out=None)
    assert [file.relative for file in found.files] == ["own/y.mask.png", "own/z.overlay.png", "v1/x.png"]
    reasons = [skipped.reason for skipped in found.skipped if skipped.reason != "not an image"]
    assert sorted(reasons) == [*["a report that hilum wrote"] * 2, *["written by an earlier run of hilum"] * 12]


def test_a_report_in_an_archive_is_not_read(tmp_path: Path) -> None:
    picture = picture_bytes(marked(), "PNG")
    files = {
        "all/film.png": picture,
        "all/r/report.json": b'{"schema": "hilum.report/1"}',
        "all/r/figures/roc.png": picture,
        "all/own/report.json": b'{"schema": "other"}',
        "all/own/x.png": picture,
    }
    write_archive(tmp_path / "x.zip", files)
    found = find_inputs([str(tmp_path / "x.zip")], out=None)
    assert [file.relative for file in found.files] == ["x.zip/all/film.png", "x.zip/all/own/x.png"]
    assert [one.reason for one in found.skipped].count("part of a report that hilum wrote") == 2


def test_an_archive_is_read_as_a_folder_named_alone_or_found_in_one(tmp_path: Path) -> None:
    picture = picture_bytes(marked(), "PNG")
    files = {
        "ser1/IM1": dicom_bytes(marked()), "ser1/SR": object_bytes(uid.BasicTextSRStorage), "b.png": picture,
        "notes.txt": b"text", "inner.zip": b"PK\x03\x04...", "old/b.png.overlay.png": picture,
        "old/b.png.json": b'{"schema": "hilum.reading/1"}', "broken.png": b"no picture",
    }  # fmt: skip
    study = write_archive(tmp_path / "scans" / "study.zip", files)
    write_link(study, name="link.png", target="b.png")
    png(tmp_path / "scans" / "x.png")
    names = ["study.zip/b.png", "study.zip/broken.png", "study.zip/ser1/IM1"]
    assert relatives(study) == names
    assert relatives(tmp_path / "scans") == [*names, "x.png"]
    found = find_inputs([str(study)], out=None)
    assert found.files[0] == InputFile(str(study / "b.png"), "study.zip/b.png")
    assert found.problems == ()
    skipped = {Path(one.name).relative_to(study).as_posix(): one.reason for one in found.skipped}
    assert skipped == {
        "link.png": "link in a ZIP archive, not followed",
        "inner.zip": "ZIP archive in a ZIP archive, not opened",
        "notes.txt": "not an image",
        "old/b.png.json": "not an image",
        "old/b.png.overlay.png": "written by an earlier run of hilum",
        "ser1/SR": "Basic Text SR (DICOM, not a radiograph)",
    }
    assert relatives(study / "ser1" / "IM1") == ["IM1"]


def test_what_an_archive_holds_that_cannot_be_read_is_a_line_each(tmp_path: Path) -> None:
    picture = picture_bytes(marked(), "PNG")
    path = write_archive(
        tmp_path / "s.zip", {"a.png": picture, "b.png": picture, "c.png": picture, "../d.png": picture}
    )
    encrypted(path, names=frozenset({"b.png", "c.png"}))
    found = find_inputs([str(path)], out=None)
    assert [file.relative for file in found.files] == ["s.zip/a.png"]
    assert found.problems == (
        f"{path}: 2 files, the first b.png, are encrypted. Unpack the archive with its password and read the folder",
        f"{path}: 1 file, ../d.png, is named so as to lead out of the archive, and not read. Rename them",
    )
    (tmp_path / "cut.zip").write_bytes(path.read_bytes()[:-40])
    (problem,) = find_inputs([str(tmp_path / "cut.zip")], out=None).problems
    assert "cut.zip: the ZIP archive is truncated or corrupt" in problem
    write_archive(tmp_path / "empty.zip", {"notes.txt": b"text"})
    (problem,) = find_inputs([str(tmp_path / "empty.zip")], out=None).problems
    assert problem.startswith(f"No image found in {tmp_path / 'empty.zip'}: none of its 1 files")


def test_a_document_in_a_folder_is_passed_over(tmp_path: Path) -> None:
    png(tmp_path / "x.png")
    media = {"[Content_Types].xml": b"", "word/media/image1.png": picture_bytes(marked(), "PNG")}
    write_archive(tmp_path / "letter.docx", media)
    found = find_inputs([str(tmp_path)], out=None)
    assert [file.relative for file in found.files] == ["x.png"]
    assert [skipped.reason for skipped in found.skipped] == ["not an image"]


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


def test_an_output_folder_that_is_a_link_to_itself_fails_where_it_is_made(tmp_path: Path) -> None:
    png(tmp_path / "x.png")
    (tmp_path / "out").symlink_to("out")
    assert relatives(tmp_path / "x.png", out=tmp_path / "out") == ["x.png"]
    with pytest.raises(OutputError, match="Cannot write"):
        OutputFolder(tmp_path / "out")


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
    assert problem.startswith(f"No image found in {tmp_path}: none of its 1 files")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_folder_that_cannot_be_searched_is_a_problem(tmp_path: Path) -> None:
    png(tmp_path / "x.png")
    (tmp_path / "closed").mkdir(mode=0)
    found = find_inputs([str(tmp_path)], out=None)
    assert [file.relative for file in found.files] == ["x.png"]
    assert "Permission denied" in found.problems[0]


def test_a_name_that_is_too_long_is_a_file_that_fails_where_it_is_read(tmp_path: Path) -> None:
    png(tmp_path / "x.png")
    long = "a" * 300
    assert relatives(tmp_path / long, tmp_path / "x.png") == [long, "x.png"]
    assert find_inputs([long], out=None).files == (InputFile(long, long),)


def test_a_folder_whose_files_may_not_be_looked_at_loses_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("closed/a.png", "closed/b", "x.png"):
        png(tmp_path / name)
    stat, opened = Path.stat, Path.open

    def refuse(path: Path) -> None:
        if path.parent.name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

    def stat_or_refuse(path: Path, **options: Any) -> os.stat_result:
        refuse(path)
        return stat(path, **options)

    def open_or_refuse(path: Path, *words: Any, **options: Any) -> Any:
        refuse(path)
        return opened(path, *words, **options)

    monkeypatch.setattr(Path, "stat", stat_or_refuse)  # as mode 744 makes it for another user, which root is not
    monkeypatch.setattr(Path, "open", open_or_refuse)
    assert relatives(tmp_path) == ["closed/a.png", "closed/b", "x.png"]
    assert relatives(tmp_path / "closed" / "a.png", tmp_path / "x.png") == ["closed/a.png", "x.png"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_a_folder_that_can_be_listed_and_not_entered_loses_no_other(tmp_path: Path) -> None:
    png(tmp_path / "x.png")
    png(tmp_path / "closed" / "y.png")
    (tmp_path / "closed").chmod(0o600)
    assert relatives(tmp_path) == ["closed/y.png", "x.png"]


def test_standard_input_stands_alone() -> None:
    assert find_inputs(["-"], out=None).files == (InputFile("-", "stdin"),)
    with pytest.raises(UsageError, match="standard input"):
        find_inputs(["-", "x.png"], out=None)

"""`hilum read --format dicom`."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread

from fabricate_study_image import needed, study_image, what_is_wrong

OBJECTS = ["sr", "pr", "sc"]  # the toy draws no lungs


def objects(out: Path, name: str) -> list[str]:
    """The kinds of objects that stand beside the page of an image."""
    return [path.name.split(".")[-2] for kind in (*OBJECTS, "seg") for path in out.glob(f"{name}.{kind}.dcm")]


def read(hilum: Any, toy: Path, source: Path, out: Path, *more: str) -> Any:
    return hilum("read", source, "--out", out, "--model", toy, "--no-gate", "--format", "dicom", *more)


def test_objects_stand_beside_page_and_json(hilum: Any, toy: Path, tmp_path: Path) -> None:
    needed("dciodvfy", "dsrdump", "dcmpschk")
    source, out = tmp_path / "chest.dcm", tmp_path / "out"
    source.write_bytes(study_image())
    done = read(hilum, toy, source, out)
    assert done.exit_code == 0, done.output
    assert objects(out, "chest.dcm") == OBJECTS
    assert {path.name: what_is_wrong(path) for path in out.glob("*.dcm") if what_is_wrong(path)} == {}
    first = {path.name: path.read_bytes() for path in out.glob("*.dcm")}
    assert read(hilum, toy, source, out).exit_code == 0
    assert {path.name: path.read_bytes() for path in out.glob("*.dcm")} == first
    assert (out / "chest.dcm.html").is_file()


def test_a_source_of_no_study_is_read_without_objects(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    scans, out = tmp_path / "scans", tmp_path / "out"
    write_png(scans / "a.png", grey=200)
    (scans / "b.dcm").write_bytes(study_image())
    done = read(hilum, toy, scans, out, "--json")
    assert done.exit_code == 1  # since not all that was asked for was written
    why = (
        "no DICOM objects: they belong to a study, and a PNG file names none; give the DICOM file, or leave --format "
        "dicom out"
    )
    assert f"{scans / 'a.png'}: read, but {why}" in " ".join(done.stderr.split())
    assert (out / "failures.jsonl").read_text() == ""
    reading = json.loads((out / "a.png.json").read_text())
    assert reading["warnings"][-1] == why
    assert reading["findings"]
    assert json.loads(done.stdout.splitlines()[0])["warnings"][-1] == why
    assert "no DICOM objects" in (out / "a.png.html").read_text()
    assert (objects(out, "a.png"), objects(out, "b.dcm")) == ([], OBJECTS)


def test_resume_does_not_try_again_what_can_have_no_objects(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path
) -> None:
    scans, out = tmp_path / "scans", tmp_path / "out"
    write_png(scans / "a.png", grey=200)
    first = read(hilum, toy, scans, out)
    assert first.exit_code == 1
    assert "1 read, but without DICOM objects" in " ".join(first.stdout.split())
    before = (out / "a.png.html").stat().st_mtime_ns
    again = read(hilum, toy, scans, out, "--resume")
    assert again.exit_code == 0, again.output
    assert (out / "a.png.html").stat().st_mtime_ns == before


def test_resume_writes_what_was_read_without_objects(hilum: Any, toy: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "chest.dcm", tmp_path / "out"
    source.write_bytes(study_image())
    assert hilum("read", source, "--out", out, "--model", toy, "--no-gate").exit_code == 0
    assert objects(out, "chest.dcm") == []
    assert read(hilum, toy, source, out, "--resume").exit_code == 0
    assert objects(out, "chest.dcm") == OBJECTS
    before = (out / "chest.dcm.sr.dcm").stat().st_mtime_ns
    assert read(hilum, toy, source, out, "--resume").exit_code == 0
    assert (out / "chest.dcm.sr.dcm").stat().st_mtime_ns == before


def test_objects_of_a_reading_that_no_longer_holds_are_gone(hilum: Any, toy: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "chest.dcm", tmp_path / "out"
    source.write_bytes(study_image())
    assert read(hilum, toy, source, out).exit_code == 0
    assert hilum("read", source, "--out", out, "--model", toy, "--no-gate").exit_code == 0
    assert objects(out, "chest.dcm") == []


def test_own_objects_are_passed_over_in_a_folder(hilum: Any, toy: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "chest.dcm", tmp_path / "out"
    source.write_bytes(study_image())
    assert read(hilum, toy, source, out).exit_code == 0
    again = hilum("read", out, "--out", tmp_path / "second", "--model", toy, "--no-gate")
    assert again.exit_code == 1  # a folder without an image
    assert "No image found in" in again.output


def test_it_says_what_it_needs(hilum: Any, toy: Path, tmp_path: Path) -> None:
    source = tmp_path / "chest.dcm"
    source.write_bytes(study_image())
    bare = hilum("read", source, "--model", toy, "--format", "dicom")
    assert bare.exit_code == 2
    assert "Missing option: --out FOLDER, where --format dicom writes its files" in " ".join(bare.output.split())
    piped = hilum("read", "-", "--out", tmp_path / "o", "--format", "dicom", stdin=source.read_bytes())
    assert piped.exit_code == 2
    assert "give a file in the place of '-'" in " ".join(piped.output.split())


def test_without_highdicom_one_line_says_what_to_install(tmp_path: Path) -> None:
    source = tmp_path / "chest.dcm"
    source.write_bytes(study_image())
    code = (
        "import sys; sys.modules['highdicom'] = None; from hilum.cli.main import main; sys.argv = "
        f"['hilum', 'read', {str(source)!r}, '--out', {str(tmp_path / 'out')!r}, '--format', 'dicom']; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'pip install "hilum[dicom]"' in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_shipped_models_write_objects_of_a_phantom(hilum: Any, tmp_path: Path) -> None:
    needed("dciodvfy", "dsrdump", "dcmpschk")
    out, phantoms = tmp_path / "out", tmp_path / "phantoms"
    assert hilum("phantom", phantoms).exit_code == 0
    source = phantoms / "phantom-chest-child-consolidation.dcm"
    done = hilum("read", source, "--out", out, "--age", "3", "--format", "dicom")
    assert done.exit_code == 0, done.output
    assert objects(out, source.name) == [*OBJECTS, "seg"]
    assert {path.name: what_is_wrong(path) for path in out.glob("*.dcm") if what_is_wrong(path)} == {}
    masks = dcmread(out / f"{source.name}.seg.dcm").pixel_array
    assert masks.shape[1:] == (1024, 1024)
    assert np.all(masks.mean(axis=(1, 2)) > 0.01)

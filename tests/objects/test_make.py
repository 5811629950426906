"""The objects as validators, archives and other readers see them."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

import hilum
from fabricate_study_image import VARIANTS, needed, read_image, refused, study_image, what_is_wrong
from hilum.errors import FileAccessError, RefusedImageError
from hilum.imaging.in_memory import decode_array
from hilum.stated import Stated


@pytest.mark.parametrize("variant", VARIANTS)
def test_validators_find_no_error(variant: str, tmp_path: Path) -> None:
    needed("dciodvfy", "dsrdump", "dcmpschk")
    data = study_image(variant)
    paths = hilum.save_dicom_objects(read_image(data), tmp_path, source=data)
    assert [path.name for path in paths] == [f"image.dcm.{kind}.dcm" for kind in ("sr", "pr", "sc", "seg")]
    assert {path.name: found for path in paths if (found := what_is_wrong(path))} == {}


def test_validators_find_no_error_where_the_gate_refused(tmp_path: Path) -> None:
    needed("dciodvfy", "dsrdump", "dcmpschk")
    data = study_image("without body part")
    paths = hilum.save_dicom_objects(refused(read_image(data)), tmp_path, source=data)
    assert [path.name for path in paths] == ["image.dcm.sr.dcm", "image.dcm.pr.dcm", "image.dcm.sc.dcm"]
    assert {path.name: found for path in paths if (found := what_is_wrong(path))} == {}


def test_a_second_run_gives_the_same_bytes_whatever_the_file_is_called() -> None:
    data = study_image("without dates")
    first = hilum.dicom_objects(read_image(data), source=data)
    time.sleep(1.1)  # clocks in DICOM count seconds
    second = hilum.dicom_objects(read_image(data, name="elsewhere/phantom.dcm"), source=data)
    assert [one.data for one in first] == [one.data for one in second]


@pytest.mark.parametrize("change", ["settings", "stated", "model"])
def test_another_reading_has_other_uids(change: str) -> None:
    data = study_image()
    one = read_image(data)
    models = (*one.reading.models[:2], replace(one.reading.models[2], sha256="f" * 64))
    changes = {
        "settings": {"settings_sha256": "0" * 64},
        "stated": {"stated": Stated(age_years=4.0)},
        "model": {"models": models},
    }[change]
    other = replace(one, reading=replace(one.reading, **changes))
    uids = [
        {str(made.dataset.SOPInstanceUID) for made in hilum.dicom_objects(each, source=data)} for each in (one, other)
    ]
    assert len(uids[0]) == len(uids[1]) == 4
    assert uids[0].isdisjoint(uids[1])
    assert all(uid.startswith("2.25.") and len(uid) <= 64 for uid in uids[0] | uids[1])


def test_a_path_is_read_again_and_must_be_the_file_that_was_read(tmp_path: Path) -> None:
    path = tmp_path / "chest.dcm"
    path.write_bytes(study_image())
    examination = read_image(path.read_bytes(), name=str(path))
    assert len(hilum.dicom_objects(examination)) == 4
    path.write_bytes(study_image("dx"))
    with pytest.raises(hilum.errors.UsageError, match=r"chest\.dcm: no DICOM objects: the file changed"):
        hilum.dicom_objects(examination)


def test_bytes_without_their_file_are_asked_for() -> None:
    with pytest.raises(FileAccessError, match="give it as source="):
        hilum.dicom_objects(read_image(study_image(), name="<bytes>"))


def test_what_is_no_dicom_file_has_no_study() -> None:
    examination = read_image(study_image())
    grey = decode_array((examination.radiograph.pixels * 255).astype("uint8"), name="chest")
    reading = replace(examination.reading, source=replace(grey.source, format="PNG", name="chest.png"))
    with pytest.raises(RefusedImageError) as raised:
        hilum.dicom_objects(replace(examination, reading=reading))
    assert str(raised.value) == (
        "chest.png: no DICOM objects: they belong to a study, and a PNG file names none; give the DICOM file"
    )


def test_tags_that_no_object_can_hold_are_an_error_of_one_line() -> None:
    data = study_image(RescaleSlope="1", RescaleIntercept=None)
    with pytest.raises(RefusedImageError) as raised:
        hilum.dicom_objects(read_image(data), source=data)
    assert str(raised.value).startswith("image.dcm: no DICOM objects: the image's tags do not allow the PR (")
    assert "\n" not in str(raised.value)

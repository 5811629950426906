"""The image behind objects: what it must have, and which date it gives them."""

import io
from typing import Any

import pytest
from pydicom import dcmread

from fabricate_study_image import read_image, study_image
from hilum.errors import RefusedImageError
from hilum.objects.source import NO_DATE, source_image


def source(**changes: Any) -> Any:
    data = study_image("cr", **changes)
    return source_image(data, reading=read_image(data).reading)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, ("20260102", "101112")),
        ({"SeriesDate": "20260103"}, ("20260103", "000000")),
        ({"ContentDate": "20260104", "ContentTime": "1112.5"}, ("20260104", "000000")),
        ({"ContentDate": "20260104", "ContentTime": "111213.5"}, ("20260104", "111213.5")),
        ({"StudyDate": "2026.1.2"}, NO_DATE),
        ({"StudyDate": "20261399"}, NO_DATE),
        ({"StudyDate": None}, NO_DATE),
    ],
)
def test_the_date_is_the_images_own(tags: dict[str, Any], expected: tuple[str, str]) -> None:
    found = source(**tags)
    assert (found.date, found.time) == expected


@pytest.mark.parametrize("absent", ["StudyInstanceUID", "SeriesInstanceUID"])
def test_an_image_of_no_study_or_series_is_refused(absent: str) -> None:
    stream = io.BytesIO()
    ds = dcmread(io.BytesIO(study_image()))
    delattr(ds, absent)
    ds.save_as(stream)
    data = stream.getvalue()
    words = absent.replace("InstanceUID", " Instance UID")
    with pytest.raises(RefusedImageError, match=rf"^image\.dcm: no DICOM objects: the file names no {words}"):
        source_image(data, reading=read_image(data).reading)


def test_an_orientation_is_two_directions_or_nothing() -> None:
    assert source().orientation() == ("L", "F")
    assert source(PatientOrientation="").orientation() is None
    assert source(PatientOrientation=["L", "SIDE"]).orientation() is None

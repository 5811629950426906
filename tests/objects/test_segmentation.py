"""Masks on the image's own pixels."""

from dataclasses import replace
from typing import Any

import highdicom
import numpy as np
import pytest

import hilum
from fabricate_study_image import COLUMNS, ROWS, read_image, study_image
from hilum.reading_result import Examination


def masks(data: bytes, examination: Examination | None = None) -> dict[str, np.ndarray]:
    """Each segment's mask by its label, as highdicom reads them."""
    made = {one.kind: one for one in hilum.dicom_objects(examination or read_image(data), source=data)}
    found = highdicom.seg.Segmentation.from_dataset(made["seg"].dataset)
    planes = found.pixel_array.reshape(-1, found.Rows, found.Columns)
    return {item.SegmentLabel: planes[number] > 0 for number, item in enumerate(found.SegmentSequence)}


def drawn(lungs: dict[str, Any]) -> Examination:
    examination = read_image(study_image())
    assert examination.reading.lungs is not None
    verdict = replace(examination.reading.lungs, **lungs)
    return replace(examination, reading=replace(examination.reading, lungs=verdict))


def test_both_lungs_and_the_heart_lie_where_they_were_drawn() -> None:
    found = masks(study_image())
    assert list(found) == ["Right lung", "Left lung", "Heart"]
    for label, (left, right, top, bottom) in {
        "Right lung": (10, 40, 20, 90), "Left lung": (60, 90, 20, 90), "Heart": (40, 60, 50, 90)
    }.items():  # fmt: skip
        expected = np.zeros((ROWS, COLUMNS), bool)
        expected[top:bottom, left:right] = True
        assert np.mean(found[label] != expected) < 0.02, label  # corners are round


def test_a_mirrored_image_has_the_patients_right_lung_on_the_right() -> None:
    plain, mirrored = masks(study_image()), masks(study_image("mirrored"))
    assert np.array_equal(mirrored["Right lung"], plain["Right lung"][:, ::-1])


def test_a_lying_image_is_segmented_as_it_is_stored() -> None:
    found = masks(study_image("lying"))
    assert found["Heart"].shape == (ROWS, COLUMNS)
    rows, columns = np.nonzero(found["Heart"])
    # upright: columns 48 to 72 of 120 and rows 41.7 to 75 of 100; stored rows run from head to feet along columns
    assert (columns.min(), columns.max() + 1) == pytest.approx((41.7, 75), abs=1.5)
    assert (rows.min(), rows.max() + 1) == pytest.approx((48, 72), abs=1.5)


def test_sides_that_are_not_known_are_one_segment() -> None:
    assert list(masks(study_image(), drawn({"right_share": None, "left_share": None}))) == ["Lungs", "Heart"]


def test_what_is_not_trusted_is_no_object() -> None:
    data = study_image()
    made = hilum.dicom_objects(drawn({"trusted": False}), source=data)
    assert [one.kind for one in made] == ["sr", "pr", "sc"]


@pytest.mark.parametrize(
    ("tags", "height_to_width"),
    [
        ({}, None),
        ({"ImagerPixelSpacing": ["0.2", "0.3"]}, [2, 3]),
        ({"ImagerPixelSpacing": None, "PixelAspectRatio": ["2", "1"]}, [2, 1]),
    ],
)
def test_masks_have_pixels_as_high_and_wide_as_the_image(
    tags: dict[str, object], height_to_width: list[int] | None
) -> None:
    data = study_image(**tags)
    told = hilum.dicom_objects(read_image(data), source=data)[3].dataset.get("PixelAspectRatio")
    assert (None if told is None else list(told)) == height_to_width

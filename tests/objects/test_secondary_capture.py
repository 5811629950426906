"""The picture: its size, its words, and what it does not tell."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import hilum
from fabricate_study_image import read_image, study_image
from hilum.objects.secondary_capture import MOST_PIXELS


def picture(data: bytes, **changes: Any) -> Any:
    examination = read_image(data)
    examination = replace(examination, reading=replace(examination.reading, **changes))
    return hilum.dicom_objects(examination, source=data)[2].dataset


def test_it_is_an_uncompressed_picture_in_colour_that_names_its_image() -> None:
    found = picture(study_image())
    assert max(found.Rows, found.Columns) <= MOST_PIXELS
    assert not found.file_meta.TransferSyntaxUID.is_compressed
    assert found.pixel_array.shape == (found.Rows, found.Columns, 3)
    assert found.SourceImageSequence[0].ReferencedSOPInstanceUID == "1.2.826.0.1.3680043.10.511.3.3"
    assert len(np.unique(found.pixel_array.reshape(-1, 3), axis=0)) > 50
    assert "Research use, not a medical device" in found.DerivationDescription


def test_many_words_do_not_push_it_over_the_limit() -> None:
    finding = read_image(study_image()).reading.findings[0]
    many = tuple(replace(finding, name=f"Pneumonia {number}") for number in range(60))
    found = picture(study_image(), findings=many)
    assert max(found.Rows, found.Columns) <= MOST_PIXELS


@pytest.mark.parametrize(
    ("variant", "orientation"),
    [("cr", ["L", "F"]), ("mirrored", ["L", "F"]), ("lying", ["L", "F"]), ("without orientation", None)],
)
def test_its_orientation_is_that_of_the_upright_picture(variant: str, orientation: list[str] | None) -> None:
    found = picture(study_image(variant)).PatientOrientation
    assert (None if found is None or not list(found) else list(found)) == orientation


@pytest.mark.parametrize(
    ("burned", "told"), [("YES", "YES"), ("NO", "NO"), (None, None), ("", None), ("PERHAPS", None)]
)
def test_a_name_may_be_burned_into_the_picture_as_the_image_says(burned: str | None, told: str | None) -> None:
    assert picture(study_image("cr", BurnedInAnnotation=burned)).get("BurnedInAnnotation") == told


def test_the_part_of_the_body_is_the_images_or_the_gates() -> None:
    assert picture(study_image("hand")).BodyPartExamined == "HAND"
    assert picture(study_image("hand")).Laterality == "L"
    assert picture(study_image("without body part")).BodyPartExamined == "CHEST"

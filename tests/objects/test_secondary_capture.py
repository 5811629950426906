"""The picture: its size, its words, and what it does not tell."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import hilum
from fabricate_study_image import read_image, study_image
from hilum.objects.secondary_capture import MOST_PIXELS, _picture


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


@pytest.mark.parametrize("number", [7, 14, 60])
def test_many_words_neither_push_it_over_the_limit_nor_make_the_radiograph_small(number: int) -> None:
    examination = read_image(study_image())
    finding = examination.reading.findings[0]
    many = tuple(replace(finding, name=f"Pneumonia {each}") for each in range(number))
    pixels = np.kron(examination.radiograph.pixels, np.ones((10, 10), np.float32))
    source = replace(examination.reading.source, rows=pixels.shape[0], columns=pixels.shape[1])
    large = replace(
        examination,
        reading=replace(examination.reading, findings=many, warnings=("a warning " * 20,) * 5),
        radiograph=replace(examination.radiograph, pixels=pixels, source=source),
    )
    found = _picture(large)
    assert max(found.size) <= MOST_PIXELS
    words = np.asarray(found)[0].tolist().count([16, 17, 20])  # the column's ground
    assert 500 <= found.width - words < found.width


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

"""What a viewer draws over the image: where, and in which grey."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import hilum
from fabricate_study_image import read_image, study_image


def state(data: bytes, *, trusted: bool = True) -> Any:
    examination = read_image(data)
    assert examination.reading.lungs is not None
    lungs = replace(examination.reading.lungs, trusted=trusted)
    examination = replace(examination, reading=replace(examination.reading, lungs=lungs))
    found = {one.kind: one.dataset for one in hilum.dicom_objects(examination, source=data)}
    return found["pr"]


def lines(found: Any) -> list[np.ndarray]:
    annotation = found.GraphicAnnotationSequence[0]
    return [np.array(item.GraphicData).reshape(-1, 2) for item in annotation.GraphicObjectSequence]


def test_the_box_comes_first_then_lungs_and_heart() -> None:
    box, *outlines = lines(state(study_image()))
    assert box.tolist() == [[10, 30], [40, 30], [40, 60], [10, 60], [10, 30]]
    assert len(outlines) == 3
    heart = outlines[-1]  # of cells 4 to 6 of 10 and 5 to 9 of 12, at half the way to the next cell's middle
    assert (heart[:, 0].min(), heart[:, 0].max()) == pytest.approx((40, 60))
    assert (heart[:, 1].min(), heart[:, 1].max()) == pytest.approx((50, 90))
    assert all((line[0] == line[-1]).all() for line in outlines)


def test_lungs_that_are_not_trusted_are_not_drawn() -> None:
    assert len(lines(state(study_image(), trusted=False))) == 1


def test_a_mirrored_image_has_its_box_where_it_is_stored() -> None:
    box = lines(state(study_image("mirrored")))[0]
    assert (box.min(axis=0).tolist(), box.max(axis=0).tolist()) == ([60, 30], [90, 60])


def test_words_say_what_is_found_and_that_it_is_research() -> None:
    texts = [item.UnformattedTextValue for item in state(study_image()).GraphicAnnotationSequence[0].TextObjectSequence]
    assert texts == ["RESEARCH USE, not a medical device: hilum 0.1.0", "Pneumonia: probability 0.873"]


def test_names_of_one_corner_do_not_stand_over_one_another() -> None:
    data = study_image()
    examination = read_image(data)
    first = examination.reading.findings[0]
    findings = (first, replace(first, name="Effusion", probability=0.5))
    two = replace(examination, reading=replace(examination.reading, findings=findings))
    made = {one.kind: one.dataset for one in hilum.dicom_objects(two, source=data)}["pr"]
    texts = [item.UnformattedTextValue for item in made.GraphicAnnotationSequence[0].TextObjectSequence]
    assert texts[1:] == ["Pneumonia: probability 0.873; Effusion: probability 0.500"]


@pytest.mark.parametrize(("variant", "shape"), [("cr", "IDENTITY"), ("monochrome1", "INVERSE")])
def test_grey_is_that_of_the_image(variant: str, shape: str) -> None:
    found = state(study_image(variant))
    assert found.PresentationLUTShape == shape
    assert found.SoftcopyVOILUTSequence[0].WindowWidth == 4096


def test_of_two_windows_the_first_is_used() -> None:
    assert state(study_image("two windows")).SoftcopyVOILUTSequence[0].WindowCenter == 2048


@pytest.mark.parametrize(
    ("tags", "height_to_width"),
    [
        ({}, [1, 1]),
        ({"ImagerPixelSpacing": ["0.2", "0.3"]}, [2, 3]),
        ({"PixelSpacing": ["0.4", "0.2"]}, [2, 1]),
        ({"ImagerPixelSpacing": None, "PixelAspectRatio": ["2", "1"]}, [2, 1]),
        ({"ImagerPixelSpacing": ["0.4", "0.2"], "PatientOrientation": ["F", "R"]}, [2, 1]),
        ({"ImagerPixelSpacing": None, "PixelAspectRatio": ["9", "1"]}, [1, 1]),  # not believed, and shown as stored
    ],
)
def test_pixels_are_as_high_and_wide_as_hilum_shows_them(tags: dict[str, object], height_to_width: list[int]) -> None:
    (area,) = state(study_image(**tags)).DisplayedAreaSelectionSequence
    assert list(area.PresentationPixelAspectRatio) == height_to_width
    assert area.DisplayedAreaBottomRightHandCorner == [100, 120]

"""The report's content, found again by highdicom's reader and by hand."""

from dataclasses import replace
from typing import Any

import highdicom
import numpy as np
import pytest
from pydicom.sr.coding import Code

import hilum
from fabricate_study_image import COLUMNS, ROWS, read_image, refused, study_image
from hilum.objects import codes
from hilum.objects.uids import models_sha256
from hilum.reading_result import CardiothoracicRatio


def report_of(examination: Any, data: bytes) -> Any:
    """The structured report as highdicom reads it."""
    (made,) = [one for one in hilum.dicom_objects(examination, source=data) if one.kind == "sr"]
    return highdicom.sr.Comprehensive3DSR.from_dataset(made.dataset)


def groups(report: Any) -> dict[str, Any]:
    """Every measurement group by its tracking identifier."""
    content = report.content
    found = [*content.get_image_measurement_groups(), *content.get_planar_roi_measurement_groups()]
    return {group.tracking_identifier: group for group in found}


def values(group: Any) -> dict[str, Any]:
    """Numbers and codes of a group by the code of their name."""
    numbers = {one.name.value: (one.value, one.unit.value) for one in group.get_measurements()}
    said = {one.name.value: one.value.value for one in group.get_qualitative_evaluations()}
    assert said.pop("111000", "123110") == "123110"  # the algorithm's family, which is a code as well
    return numbers | said


@pytest.fixture(scope="module")
def report() -> Any:
    data = study_image()
    return report_of(read_image(data), data)


def test_it_is_unverified_and_preliminary_and_of_one_template(report: Any) -> None:
    assert (report.VerificationFlag, report.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert report.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == "99HILUM"


def test_every_finding_has_probability_operating_point_and_decision(report: Any) -> None:
    found = groups(report)
    assert set(found) == {
        "gate",
        "lungs",
        *(f"chest-test/{name}" for name in ("Pneumonia", "Effusion", "Mass", "Pleural Thickening")),
    }
    assert values(found["chest-test/Pneumonia"]) == {
        "122157": (0.873123, "1"),
        "operating-point": (0.425, "1"),
        "decision": "10828004",
    }
    assert values(found["chest-test/Effusion"])["decision"] == "260385009"
    assert found["chest-test/Effusion"].finding_type == Code("60046008", "SCT", "Pleural effusion")
    assert found["chest-test/Pleural Thickening"].finding_type.meaning == "Pleural thickening"


def test_an_abstention_is_a_score_without_a_decision_and_says_why(report: Any) -> None:
    assert values(groups(report)["chest-test/Mass"]) == {
        "score": (0.52, "1"),
        "operating-point": (0.4, "1"),
        "decision": "not-decided",
        "why-not-decided": "age-unknown",
    }


def test_a_region_stands_only_where_a_box_is_drawn(report: Any) -> None:
    found = groups(report)
    region = found["chest-test/Pneumonia"].roi
    assert region.value.tolist() == [[10, 30], [40, 30], [40, 60], [10, 60], [10, 30]]
    assert not hasattr(found["chest-test/Effusion"], "roi")


@pytest.mark.parametrize(
    ("variant", "corners"),
    [
        # the box spans columns 10 to 40 of 100 and rows 30 to 60 of 120 in the upright picture
        ("mirrored", [(60, 30), (90, 60)]),
        # stored with rows from head to feet and columns to the patient's right; upright it is 120 wide and 100 high,
        # so the box there spans columns 12 to 48 and rows 25 to 50
        ("lying", [(25, 72), (50, 108)]),
        # 0.2 mm between rows and 0.3 between columns: upright the picture is 150 wide, the box 15 to 60
        ("oblong pixels", [(10, 30), (40, 60)]),
    ],
)
def test_regions_are_in_the_pixels_as_they_are_stored(variant: str, corners: list[tuple[int, int]]) -> None:
    data = study_image(variant)
    region = groups(report_of(read_image(data), data))["chest-test/Pneumonia"].roi
    assert region.value.min(axis=0) == pytest.approx(corners[0], abs=0.51)
    assert region.value.max(axis=0) == pytest.approx(corners[1], abs=0.51)
    assert np.all(region.value <= (COLUMNS, ROWS))


def test_the_gate_and_the_ratio_are_there(report: Any) -> None:
    found = groups(report)
    assert values(found["gate"]) == {"122157": (0.998, "1"), "gate": "gate-accepted", "xray-type": "type-chest"}
    assert values(found["lungs"]) == {
        "ct-ratio": (0.438, "1"),
        "heart-width": (100.0, "mm"),
        "thorax-width": (200.0, "mm"),
        "lung-drawing": "lungs-trusted",
    }


def test_a_ratio_that_is_doubted_says_so_and_gives_no_mm() -> None:
    data = study_image()
    examination = read_image(data)
    ratio = examination.reading.cardiothoracic_ratio
    assert isinstance(ratio, CardiothoracicRatio)
    narrow = replace(
        ratio,
        heart=replace(ratio.heart, mm=60.0),
        thorax=replace(ratio.thorax, mm=133.0),
        cautions=("the lengths in mm may be wrong",),
    )
    doubted = replace(examination, reading=replace(examination.reading, cardiothoracic_ratio=narrow))
    made = report_of(doubted, data)
    said = values(groups(made)["lungs"])
    assert (said["heart-width"], said["thorax-width"]) == ((20.0, "{pixels}"), (100.0, "{pixels}"))
    texts = [item.TextValue for item in made.ContentSequence if item.ValueType == "TEXT"]
    assert texts[-1] == "Cardiothoracic ratio: the lengths in mm may be wrong."


def test_a_refusal_is_a_finding_and_nothing_else_is() -> None:
    data = study_image()
    found = groups(report_of(refused(read_image(data)), data))
    assert {name: values(group) for name, group in found.items()} == {
        "gate": {"122157": (0.01, "1"), "gate": "gate-refused"}
    }


def test_the_device_is_known_by_the_hash_of_its_models() -> None:
    data = study_image()
    examination = read_image(data)
    found = report_of(examination, data).content.get_observer_contexts()
    (device,) = [one.observer_identifying_attributes for one in found]
    assert device.serial_number.endswith(models_sha256(examination.reading))


def test_every_own_code_fits_where_codes_stand() -> None:
    own = codes.own_codes()
    assert len({code.value for code in own}) == len(own)
    assert all(len(code.value) <= 64 and len(code.meaning) <= 64 and code.value.isascii() for code in own)


def test_words_are_ascii_whatever_is_said(report: Any) -> None:
    texts = [item.TextValue for item in report.ContentSequence if item.ValueType == "TEXT"]
    assert any("Research use, not a medical device" in text for text in texts)
    assert any(text.startswith("Pneumonia flagged: 87% (threshold 42%)") for text in texts)
    assert all(text.isascii() for text in texts)

"""Modality and body part against the picture."""

import numpy as np
import pytest

from fabricate_gate import SPEC, logits_of
from hilum.radiograph import Radiograph, Source
from hilum.reading.gate.rules import PictureVerdict, judge_picture
from hilum.reading.gate.tags import with_tags

CHEST = judge_picture(logits_of(chest=9.0, turned_0=9.0, inverted=-9.0, cropped=-9.0), spec=SPEC)
PHOTOGRAPH = judge_picture(logits_of(xray=-5.0), spec=SPEC)
NONE = judge_picture(logits_of(hip=0.3), spec=SPEC)
HAND_OR_WRIST = judge_picture(logits_of(hand=6.1, wrist=6.0), spec=SPEC)


def radiograph(modality: str | None, body_part: str | None = None) -> Radiograph:
    source = Source("x.dcm", "0" * 64, "DICOM", 2, 2)
    return Radiograph(np.zeros((2, 2), np.float32), source, modality=modality, body_part=body_part)


@pytest.mark.parametrize("modality", [None, "CR", "DX", "OT", "SC"])
@pytest.mark.parametrize("body_part", [None, "CHEST", "THORAX", "UNHEARD OF"])
def test_tags_that_agree_or_say_nothing_change_nothing(modality: str | None, body_part: str | None) -> None:
    assert with_tags(CHEST, radiograph=radiograph(modality, body_part)) == CHEST


@pytest.mark.parametrize("modality", ["XA", "RF", "MG"])
def test_another_kind_of_xray_is_refused_as_none_of_the_types(modality: str) -> None:
    judged = with_tags(NONE, radiograph=radiograph(modality))
    assert judged.verdict.status == "refused"
    assert f"modality {modality}" in judged.verdict.reason
    assert "is an X-ray, but none of the 14 types" in judged.verdict.reason
    assert judged.warnings == ()
    contradicted = with_tags(CHEST, radiograph=radiograph(modality))
    assert contradicted.verdict.status == "refused"
    assert "contradicts the picture, which looks like a chest" in contradicted.warnings[0]


@pytest.mark.parametrize("modality", ["CT", "MR", "US", "ECG", "XC"])
def test_another_modality_is_refused_whatever_the_picture_looks_like(modality: str) -> None:
    for picture, warns in ((PHOTOGRAPH, False), (CHEST, True)):
        judged = with_tags(picture, radiograph=radiograph(modality))
        assert judged.verdict.status == "refused"
        assert "is not a radiograph" in judged.verdict.reason
        assert bool(judged.warnings) == warns


def test_a_radiograph_by_its_tag_that_looks_like_none_is_unsure_with_a_warning() -> None:
    judged = with_tags(PHOTOGRAPH, radiograph=radiograph("DX"))
    assert judged.verdict.status == "unsure"
    assert "does not look like one" in judged.warnings[0]
    assert with_tags(NONE, radiograph=radiograph("DX")) == NONE


def test_another_body_part_than_the_picture_is_a_warning_and_the_picture_counts() -> None:
    judged = with_tags(CHEST, radiograph=radiograph("CR", "HAND"))
    assert judged.verdict == CHEST.verdict
    assert judged.warnings == ("the tags say HAND, but the picture looks like chest: the picture was followed",)


def test_a_pelvis_may_be_called_a_hip_and_no_hand() -> None:
    hip = judge_picture(logits_of(hip=9.0), spec=SPEC)
    assert with_tags(hip, radiograph=radiograph("CR", "PELVIS")) == hip
    hand = judge_picture(logits_of(hand=9.0), spec=SPEC)
    assert "the tags say PELVIS" in with_tags(hand, radiograph=radiograph("CR", "PELVIS")).warnings[0]


@pytest.mark.parametrize(("body_part", "status"), [("HAND", "accepted"), ("WRIST", "unsure"), ("KNEE", "unsure")])
def test_a_body_part_settles_a_doubt_only_for_the_likeliest_type(body_part: str, status: str) -> None:
    judged = with_tags(HAND_OR_WRIST, radiograph=radiograph("CR", body_part))
    assert judged.verdict.status == status
    assert (judged.verdict.candidates == ()) == (status == "accepted")


def test_a_body_part_never_makes_a_radiograph_of_something_else() -> None:
    maybe = judge_picture(logits_of(xray=0.0, hand=9.0), spec=SPEC)
    assert maybe.verdict.status == "unsure"
    assert isinstance(maybe, PictureVerdict)
    assert with_tags(maybe, radiograph=radiograph(None, "HAND")).verdict.status == "unsure"

"""Inside, outside and unknown: what each does to a decision, and what it says."""

from dataclasses import replace

import numpy as np
import pytest

from hilum.bundle.card import Scope
from hilum.radiograph import Patient, Radiograph, Source
from hilum.reading.gate import NOT_JUDGED
from hilum.reading.scope import BODY_PARTS, ScopeVerdict, judge_scope
from hilum.reading_result import GateVerdict, TypeVerdict

CHILDREN = Scope(xray_type="chest", age_years=(1.0, 5.0), views=("AP",))
ANYONE = Scope(xray_type="chest", age_years=None, views=None)
CHILD = Radiograph(
    np.zeros((2, 2), np.float32),
    Source("x.dcm", "0" * 64, "DICOM", 2, 2),
    patient=Patient(3.0, "F"),
    view="AP",
    modality="DX",
    body_part="CHEST",
)
PICTURE = Radiograph(np.zeros((2, 2), np.float32), Source("x.png", "0" * 64, "PNG", 2, 2))


def judged(radiograph: Radiograph, *, scope: Scope = CHILDREN, gate: GateVerdict = NOT_JUDGED) -> ScopeVerdict:
    return judge_scope(radiograph, gate=gate, scope=scope, model="toy")


def test_a_child_as_in_training_is_in_scope_without_a_warning() -> None:
    assert judged(CHILD) == ScopeVerdict(True, ())


def test_the_ends_of_the_age_range_are_inside() -> None:
    for age in (1.0, 5.0):
        assert judged(replace(CHILD, patient=Patient(age, "F"))).in_scope is True


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"patient": Patient(40.0, "M")}, "age 40 years"),
        ({"patient": Patient(0.5, "M")}, "age 0.5 years"),
        ({"view": "PA"}, "view PA"),
        ({"view": "LL"}, "view LL"),
        ({"body_part": "HAND"}, "type hand"),
        ({"body_part": "ABDOMEN"}, "type abdomen"),
        ({"modality": "CT"}, "modality CT"),
        ({"modality": "XA"}, "modality XA"),
    ],
)
def test_outside(change: dict[str, object], says: str) -> None:
    verdict = judged(replace(CHILD, **change))
    assert verdict.in_scope is False
    (warning,) = verdict.warnings
    assert says in warning
    assert "toy was trained for chest radiographs, ages 1 to 5 years, view AP" in warning
    assert "nothing is decided" in warning


@pytest.mark.parametrize(
    ("change", "unknown"),
    [
        ({"patient": None}, "age"),
        ({"patient": Patient(None, "F")}, "age"),
        ({"view": "unknown"}, "view"),
        ({"body_part": None}, "type"),
        ({"body_part": "SOMETHING"}, "type"),
        ({"modality": "OT"}, "modality"),
    ],
)
def test_unknown(change: dict[str, object], unknown: str) -> None:
    verdict = judged(replace(CHILD, **change))
    assert verdict.in_scope is None
    (warning,) = verdict.warnings
    assert f"not known of this one: {unknown};" in warning


def test_a_picture_without_tags_says_all_that_is_not_known() -> None:
    verdict = judged(PICTURE)
    assert verdict.in_scope is None
    assert "type, age, view" in verdict.warnings[0]


def test_a_model_for_anyone_asks_neither_age_nor_view() -> None:
    verdict = judged(PICTURE, scope=ANYONE)
    assert verdict.in_scope is None
    assert "not known of this one: type;" in verdict.warnings[0]
    assert judged(replace(PICTURE, body_part="CHEST"), scope=ANYONE).in_scope is True


def test_what_is_outside_wins_over_what_is_unknown() -> None:
    verdict = judged(replace(CHILD, view="unknown", patient=Patient(40.0, "F")))
    assert verdict.in_scope is False
    assert "view" not in verdict.warnings[0].partition("this one")[2]


def test_the_gate_outranks_the_tag() -> None:
    gate = GateVerdict("accepted", "", type=TypeVerdict("hand", 0.9, {"hand": 0.9}))
    assert judged(CHILD, gate=gate).in_scope is False
    gate = GateVerdict("accepted", "", type=TypeVerdict("chest", 0.9, {"chest": 0.9}))
    assert judged(replace(CHILD, body_part="HAND"), gate=gate).in_scope is True


def test_scopes_in_words() -> None:
    assert CHILDREN.in_words() == "chest radiographs, ages 1 to 5 years, view AP"
    assert ANYONE.in_words() == "chest radiographs"
    assert Scope(xray_type="hand", age_years=None, views=("PA", "LL")).in_words() == "hand radiographs, view PA or LL"


def test_body_parts_are_tags_in_upper_case() -> None:
    assert all(tag == tag.upper() and len(tag) <= 16 for tag in BODY_PARTS)

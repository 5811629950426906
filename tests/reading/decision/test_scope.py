"""Inside, outside and unknown: what each does to a decision, and what it says."""

from dataclasses import replace

import numpy as np
import pytest

from hilum.bundle.card import Scope
from hilum.radiograph import Patient, Radiograph, Source
from hilum.reading.decision.scope import ScopeVerdict, judge_scope
from hilum.reading.gate.rules import NOT_JUDGED
from hilum.reading.gate.tags import BODY_PARTS
from hilum.reading_result import GateVerdict, NotDecided, TypeVerdict

CHILDREN = Scope(xray_type="chest", age_years=(1.0, 5.99), views=("AP",))
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
CHEST = GateVerdict("accepted", "", 0.99, TypeVerdict("chest", 0.9, {"chest": 0.9}))


def judged(
    radiograph: Radiograph, *, scope: Scope = CHILDREN, gate: GateVerdict = NOT_JUDGED, assume_scope: bool = False
) -> ScopeVerdict:
    return judge_scope(radiograph, gate=gate, scope=scope, model="toy", assume_scope=assume_scope)


def test_a_child_as_in_training_is_in_scope_without_a_warning() -> None:
    assert judged(CHILD) == ScopeVerdict(True)


def test_the_ends_of_the_age_range_are_inside() -> None:
    for age in (1.0, 5.99):
        assert judged(replace(CHILD, patient=Patient(age, "F"))).in_scope is True


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        (
            {"patient": Patient(40.0, "M")},
            "age outside",
            "the patient is 40 years old, and this model is for children of 1 to 5 years",
        ),
        (
            {"patient": Patient(0.5, "M")},
            "age outside",
            "the patient is 6 months old, and this model is for children of 1 to 5 years",
        ),
        (
            {"is_animal": True},
            "species outside",
            "the file says that the patient is an animal, and this model is for people",
        ),
        ({"view": "PA"}, "view outside", "the view is PA, and this model is for view AP"),
        ({"view": "LL"}, "view outside", "the view is LL, and this model is for view AP"),
        ({"view": "oblique"}, "view outside", "the view is oblique, and this model is for view AP"),
        ({"view": "other"}, "view outside", "the view is neither PA, AP nor lateral, and this model is for view AP"),
        ({"body_part": "HAND"}, "type outside", "this is a hand X-ray, and this model is for chest X-rays"),
        ({"body_part": "ABDOMEN"}, "type outside", "this is an abdomen X-ray, and this model is for chest X-rays"),
        ({"modality": "CT"}, "modality outside", "the file's modality is CT, and this model is for plain X-rays"),
        ({"modality": "XA"}, "modality outside", "the file's modality is XA, and this model is for plain X-rays"),
    ],
)
@pytest.mark.parametrize("assume_scope", [False, True])
def test_what_is_outside_is_never_decided(
    change: dict[str, object], code: str, reason: str, assume_scope: bool
) -> None:
    verdict = judged(replace(CHILD, **change), assume_scope=assume_scope)
    assert verdict.in_scope is False
    assert verdict.not_decided == NotDecided(code, reason)
    (warning,) = verdict.warnings
    assert warning == (
        f"toy makes no decision here: {reason.partition(', and')[0]}; "
        "it is made for chest X-rays of children of 1 to 5 years, view AP"
    )


@pytest.mark.parametrize("patient", [None, Patient(None, "F")])
def test_an_age_that_is_not_known_decides_nothing(patient: Patient | None) -> None:
    verdict = judged(replace(CHILD, patient=patient))
    assert (verdict.in_scope, verdict.unknown) == (None, ("age",))
    assert verdict.not_decided == NotDecided(
        "age unknown", "the file gives no age, and this model is for children of 1 to 5 years"
    )
    assert "If you know more, say so with --age" in verdict.warnings[0]


def test_no_card_can_tolerate_an_unknown_age() -> None:
    with pytest.raises(ValueError, match="unknown_tolerated"):
        Scope(xray_type="chest", age_years=(1.0, 5.0), views=None, unknown_tolerated=("age",))


def test_a_picture_that_nobody_knows_anything_of_says_all_of_it() -> None:
    verdict = judged(PICTURE)
    assert (verdict.in_scope, verdict.unknown) == (None, ("type", "age", "view"))
    assert verdict.not_decided is not None
    assert verdict.not_decided.code == "type unknown"
    (warning,) = verdict.warnings
    assert "it is not known what the picture shows, the file gives no age and no view;" in warning
    assert "--force-type chest and --age (or in a patients.csv) and --view" in warning


@pytest.mark.parametrize(
    ("change", "unknown", "says"),
    [({"view": "unknown"}, "view", "the file gives no view"), ({"modality": "OT"}, "modality", "modality is OT")],
)
def test_what_the_card_tolerates_is_decided_with_a_warning(change: dict[str, object], unknown: str, says: str) -> None:
    verdict = judged(replace(CHILD, **change))
    assert (verdict.in_scope, verdict.unknown, verdict.not_decided) == (None, (unknown,), None)
    (warning,) = verdict.warnings
    assert says in warning
    assert "the result of toy may not hold" in warning


def test_a_card_may_ask_for_every_part() -> None:
    strict = CHILDREN.model_copy(update={"unknown_tolerated": ()})
    for change, code in (({"view": "unknown"}, "view unknown"), ({"modality": "OT"}, "modality unknown")):
        not_decided = judged(replace(CHILD, **change), scope=strict).not_decided
        assert not_decided is not None
        assert not_decided.code == code


@pytest.mark.parametrize("body_part", [None, "SOMETHING"])
def test_a_type_that_nobody_tells_decides_nothing_unless_the_card_tolerates_it(body_part: str | None) -> None:
    untold = replace(CHILD, body_part=body_part)
    not_decided = judged(untold).not_decided
    assert not_decided is not None
    assert not_decided.code == "type unknown"
    assert judged(untold, gate=CHEST).not_decided is None
    lenient = CHILDREN.model_copy(update={"unknown_tolerated": ("type",)})
    assert judged(untold, scope=lenient).not_decided is None


def test_an_unknown_view_is_tolerated_only_while_the_age_fits() -> None:
    frontal = replace(PICTURE, view="unknown")
    assert judged(frontal, gate=CHEST, scope=ANYONE.model_copy(update={"views": ("AP",)})).not_decided is None
    verdict = judged(frontal, gate=CHEST)
    assert verdict.not_decided is not None
    assert verdict.not_decided.code == "age unknown"
    assert "no age and no view" in verdict.warnings[0]


def test_what_is_assumed_is_decided_with_a_warning() -> None:
    verdict = judged(PICTURE, assume_scope=True)
    assert (verdict.in_scope, verdict.not_decided) == (None, None)
    assert verdict.unknown == ("type", "age", "view")
    assert "toy decides as you asked, although" in verdict.warnings[0]


def test_a_model_for_anyone_asks_neither_age_nor_view() -> None:
    assert judged(PICTURE, scope=ANYONE, gate=CHEST) == ScopeVerdict(True)
    assert judged(PICTURE, scope=ANYONE).unknown == ("type",)


def test_what_is_outside_wins_over_what_is_unknown() -> None:
    verdict = judged(replace(CHILD, view="unknown", patient=Patient(40.0, "F")))
    assert verdict.in_scope is False
    assert verdict.not_decided is not None
    assert verdict.not_decided.code == "age outside"
    assert "--view" not in verdict.warnings[0]


@pytest.mark.parametrize(
    ("state", "code", "reason"),
    [
        ("turned 90", "turned", "the chest looks turned by 90° counter-clockwise"),
        ("turned 180", "turned", "the chest looks upside down"),
        ("inverted", "inverted", "the picture looks inverted (bright lungs)"),
        ("cropped", "cropped", "only a part of the chest seems to be in the picture"),
    ],
)
def test_a_picture_unlike_those_of_training_is_outside(state: str, code: str, reason: str) -> None:
    verdict = judged(CHILD, gate=replace(CHEST, state=(state,)), assume_scope=True)
    assert verdict == ScopeVerdict(False, (), NotDecided(code, reason)), "the gate warns, once for all models"
    both = judged(replace(CHILD, patient=None), gate=replace(CHEST, state=(state,)))
    assert both.not_decided == NotDecided(code, reason)
    assert "the file gives no age" in both.warnings[0]


def test_the_gate_outranks_the_tag() -> None:
    gate = GateVerdict("accepted", "", type=TypeVerdict("hand", 0.9, {"hand": 0.9}))
    assert judged(CHILD, gate=gate).in_scope is False
    assert judged(replace(CHILD, body_part="HAND"), gate=CHEST).in_scope is True


def test_scopes_in_words() -> None:
    assert CHILDREN.in_words() == "chest X-rays of children of 1 to 5 years, view AP"
    assert ANYONE.in_words() == "chest X-rays"
    assert Scope(xray_type="hand", age_years=None, views=("PA", "LL")).in_words() == "hand X-rays, view PA or LL"


@pytest.mark.parametrize(
    ("ages", "words"),
    [
        ((18.0, 120.0), "adults from 18 years"),
        ((16.0, 120.0), "adults from 16 years"),
        ((15.0, 120.0), "patients from 15 years"),
        ((18.0, 65.0), "adults of 18 to 65 years"),
        ((10.0, 30.0), "patients of 10 to 30 years"),
        ((0.5, 4.5), "children of 0.5 to 4.5 years"),
        (None, None),
    ],
)
def test_patients_in_words(ages: tuple[float, float] | None, words: str | None) -> None:
    assert Scope(xray_type="chest", age_years=ages, views=None).patients == words


def test_body_parts_are_tags_in_upper_case() -> None:
    assert all(tag == tag.upper() and len(tag) <= 16 for tag in BODY_PARTS)


LOOKS_AP, LOOKS_PA, LOOKS_LATERAL = (replace(CHEST, view=view) for view in ("AP", "PA", "lateral"))
NO_VIEW = replace(CHILD, view="unknown")


def test_the_pictures_view_stands_in_where_nobody_tells_one_and_is_said_to_be_the_pictures() -> None:
    inside = judged(NO_VIEW, gate=LOOKS_AP)
    assert (inside.in_scope, inside.unknown, inside.not_decided) == (True, (), None)
    assert inside.warnings == ("the view is AP, judged from the picture",)
    outside = judged(NO_VIEW, gate=LOOKS_PA)
    reason = "the view is PA, judged from the picture, and this model is for view AP"
    assert outside.not_decided == NotDecided("view outside", reason)


@pytest.mark.parametrize("radiograph", [CHILD, NO_VIEW, replace(CHILD, view="PA")])
@pytest.mark.parametrize("assume_scope", [False, True])
def test_what_looks_lateral_gets_no_frontal_models_decision(radiograph: Radiograph, assume_scope: bool) -> None:
    verdict = judged(radiograph, gate=LOOKS_LATERAL, assume_scope=assume_scope)
    reason = "this is a lateral view, judged from the picture, and this model is for view AP"
    assert (verdict.in_scope, verdict.not_decided) == (False, NotDecided("view outside", reason))


def test_between_the_frontal_views_the_tag_is_believed() -> None:
    assert judged(CHILD, gate=LOOKS_PA) == ScopeVerdict(True)


def test_a_model_for_any_view_decides_on_what_looks_lateral() -> None:
    assert judged(CHILD, gate=LOOKS_LATERAL, scope=ANYONE) == ScopeVerdict(True)

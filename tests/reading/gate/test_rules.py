"""Logits to verdicts, at every threshold, with probabilities computed by hand."""

import math

import numpy as np
import pytest

from fabricate_gate import SPEC, VIEW_RULE, logits_of, spec_with
from hilum.reading.gate.rules import NOT_XRAY, candidate_types, judge_picture, nearest_types, type_verdict
from hilum.reading_result import PictureView, TypeVerdict


def logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


@pytest.mark.parametrize(
    ("probability", "status"),
    [(0.01, "refused"), (0.299, "refused"), (0.301, "unsure"), (0.699, "unsure"), (0.701, "accepted")],
)
def test_the_probability_of_a_radiograph_decides_first(probability: float, status: str) -> None:
    judged = judge_picture(logits_of(xray=logit(probability), hand=9.0), spec=SPEC)
    assert judged.verdict.status == status
    assert judged.verdict.is_xray_probability == pytest.approx(probability, abs=1e-6)
    assert judged.verdict.type is not None  # the nearest type explains a refusal too
    assert judged.verdict.type.name == "hand"


def test_calibration_moves_the_probability() -> None:
    spec = spec_with(is_xray={"method": "platt", "slope": 2.0, "intercept": -1.0})
    verdict = judge_picture(logits_of(xray=0.5, hand=9.0), spec=spec).verdict
    assert verdict.is_xray_probability == pytest.approx(0.5)  # 2 x 0.5 - 1 = 0
    assert verdict.candidates[0] == NOT_XRAY


def test_an_xray_of_none_of_the_types_is_refused_with_the_nearest() -> None:
    verdict = judge_picture(logits_of(hip=0.3, knee=0.2, foot=0.1), spec=SPEC).verdict
    assert verdict.status == "refused"
    assert verdict.candidates == ("hip", "knee", "foot")
    assert "none of the 14 types; nearest: hip, knee, foot" in verdict.reason


def test_two_likely_types_are_unsure_and_both_named() -> None:
    verdict = judge_picture(logits_of(hand=6.0, wrist=6.0), spec=SPEC).verdict
    assert verdict.status == "unsure"
    assert verdict.candidates == ("hand", "wrist")
    assert verdict.accepted is None


def test_probabilities_of_types_are_a_softmax_at_the_cards_temperature() -> None:
    verdict = type_verdict(logits_of(hand=2.0), spec=spec_with(type_temperature=2.0))
    assert verdict.probability == pytest.approx(math.e / (math.e + 13))
    assert sum(verdict.all.values()) == pytest.approx(1.0)


def test_energy_is_the_log_of_the_sum_of_exponentials() -> None:
    flat = logits_of()
    just_below, just_above = (
        judge_picture(flat, spec=spec_with(score="energy", none_below=math.log(14) + shift, unsure_below=9.0))
        for shift in (0.001, -0.001)
    )
    assert just_below.verdict.status == "refused"
    assert just_above.verdict.status == "unsure"


def test_a_chest_needs_more_than_another_type() -> None:
    assert judge_picture(logits_of(chest=3.5), spec=SPEC).verdict.status == "unsure"  # probability 0.718
    assert judge_picture(logits_of(hand=3.5), spec=SPEC).verdict.status == "accepted"
    assert judge_picture(logits_of(chest=4.5), spec=SPEC).verdict.status == "accepted"  # probability 0.874


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("turned_180", "upside down"),
        ("turned_90", "turned by 90°"),
        ("turned_270", "turned by 270°"),
        ("inverted", "inverted"),
        ("cropped", "only a part of the chest"),
    ],
)
def test_faults_of_a_chest_are_warnings_and_of_a_hand_none(name: str, word: str) -> None:
    quiet = {"inverted": -9.0, "cropped": -9.0, "turned_0": 4.0}
    chest = judge_picture(logits_of(chest=9.0, **(quiet | {name: 9.0})), spec=SPEC)
    hand = judge_picture(logits_of(hand=9.0, **(quiet | {name: 9.0})), spec=SPEC)
    assert chest.verdict.status == hand.verdict.status == "accepted"
    assert [word in warning for warning in chest.warnings] == [True]
    assert chest.verdict.state == (name.replace("_", " "),)
    assert "nothing is decided" in chest.warnings[0]
    assert (hand.warnings, hand.verdict.state) == ((), ())
    assert hand.chest_state == chest.verdict.state, "for a user who says that this is a chest"


def test_an_upright_whole_chest_has_no_warning() -> None:
    logits = logits_of(chest=9.0, turned_0=9.0, inverted=-9.0, cropped=-9.0)
    assert judge_picture(logits, spec=SPEC).warnings == ()


def test_candidates_hold_the_mass_and_are_two_at_least() -> None:
    types = TypeVerdict("hand", 0.5, {"hand": 0.5, "wrist": 0.3, "foot": 0.15, "knee": 0.05})
    assert candidate_types(types, mass=0.9) == ("hand", "wrist", "foot")
    assert candidate_types(types, mass=0.1) == ("hand", "wrist")
    assert nearest_types(types) == ("hand", "wrist", "foot")


def test_extreme_logits_do_not_overflow() -> None:
    logits = logits_of(xray=1e4, chest=1e4, inverted=-1e4, cropped=-1e4, turned_0=1e4)
    with np.errstate(all="raise", under="ignore"):
        assert judge_picture(logits, spec=SPEC).verdict.status == "accepted"


WITH_VIEWS = spec_with(view=VIEW_RULE)


@pytest.mark.parametrize(
    ("probabilities", "view"),
    [
        ((0.25, 0.25, 0.5), "lateral"),
        ((0.26, 0.25, 0.49), None),
        ((0.05, 0.81, 0.14), "AP"),
        ((0.06, 0.79, 0.15), None),
        ((0.91, 0.05, 0.04), "PA"),
        ((0.89, 0.05, 0.06), None),
    ],
)
def test_a_chests_view_is_told_at_the_cards_thresholds(
    probabilities: tuple[float, float, float], view: PictureView | None
) -> None:
    looks = dict(zip(("view PA", "view AP", "view lateral"), map(math.log, probabilities), strict=True))
    verdict = judge_picture(logits_of(chest=9.0, **looks), spec=WITH_VIEWS).verdict
    assert verdict.view == view
    assert dict(verdict.view_probabilities) == pytest.approx(
        dict(zip(("PA", "AP", "lateral"), probabilities, strict=True)), abs=1e-6
    )


def test_a_temperature_takes_certainty_away() -> None:
    rule = VIEW_RULE.changed({"temperature": 4.0})
    verdict = judge_picture(logits_of(chest=9.0, view_lateral=4.0), spec=spec_with(view=rule)).verdict
    assert verdict.view_probabilities["lateral"] == pytest.approx(math.e / (math.e + 2))


def test_only_a_chest_that_is_accepted_has_a_view() -> None:
    for logits in (logits_of(hand=9.0, view_lateral=9.0), logits_of(xray=-9.0, chest=9.0, view_lateral=9.0)):
        judged = judge_picture(logits, spec=WITH_VIEWS)
        assert (judged.verdict.view, judged.verdict.view_probabilities) == (None, {})
        assert judged.chest_view.name == "lateral"  # for a user who says that it is a chest


def test_a_gate_without_the_rule_tells_no_view() -> None:
    verdict = judge_picture(logits_of(chest=9.0, view_lateral=9.0)[:21], spec=SPEC).verdict
    assert verdict.status == "accepted"
    assert (verdict.view, verdict.view_probabilities) == (None, {})

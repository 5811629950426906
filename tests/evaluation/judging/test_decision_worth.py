import math

import numpy as np
import pytest

from hilum.evaluation.judging.decision_worth import WORTH, WORTH_AT_PREVALENCE, DecisionCounts, decision_worth
from hilum.statistics.estimate import Estimate


def _independent(tp: int, fp: int, tn: int, fn: int) -> DecisionCounts:
    kinds = np.repeat(np.arange(4), [tp, fp, tn, fn])
    return DecisionCounts(*((kinds == kind).astype(np.float64) for kind in range(4)))


def _estimate(found: dict[str, Estimate | None], name: str) -> Estimate:
    one = found[name]
    assert one is not None
    return one


def test_values_by_hand() -> None:
    """Sensitivity 0.9, specificity 0.8; at 0.25 a false alarm costs a third: 90/200 - 20/200/3."""
    found = decision_worth(_independent(90, 20, 80, 10), threshold=0.25, prevalence=None)
    assert tuple(found) == WORTH
    assert _estimate(found, "lr_positive").value == pytest.approx(0.9 / 0.2)
    assert _estimate(found, "lr_negative").value == pytest.approx(0.1 / 0.8)
    assert _estimate(found, "net_benefit").value == pytest.approx(90 / 200 - 20 / 200 / 3)
    assert _estimate(found, "net_benefit_treat_all").value == pytest.approx(0.5 - 0.5 / 3)


def test_at_a_stated_prevalence() -> None:
    found = decision_worth(_independent(90, 20, 80, 10), threshold=0.25, prevalence=0.05)
    assert tuple(found) == (*WORTH, *WORTH_AT_PREVALENCE)
    assert _estimate(found, "net_benefit_at_prevalence").value == pytest.approx(0.05 * 0.9 - 0.95 * 0.2 / 3)
    assert _estimate(found, "net_benefit_treat_all_at_prevalence").value == pytest.approx(0.05 - 0.95 / 3)


def test_the_interval_of_a_likelihood_ratio_comes_near_simels() -> None:
    """With many images both are the delta method on the logarithm (Simel, Samsa and Matchar 1991)."""
    found = _estimate(decision_worth(_independent(900, 200, 800, 100), threshold=0.5, prevalence=None), "lr_positive")
    error = math.sqrt(1 / 900 - 1 / 1000 + 1 / 200 - 1 / 1000)
    assert found.interval == pytest.approx((4.5 * math.exp(-1.96 * error), 4.5 * math.exp(1.96 * error)), rel=0.01)


def test_the_interval_of_net_benefit_is_that_of_its_mean_over_many_images() -> None:
    counts = _independent(900, 200, 800, 100)
    found = _estimate(decision_worth(counts, threshold=0.5, prevalence=None), "net_benefit")
    worth = counts.true_positives - counts.false_positives
    half = 1.96 * worth.std(ddof=1) / math.sqrt(worth.size)
    assert found.interval == pytest.approx((worth.mean() - half, worth.mean() + half), abs=0.001)


def test_what_has_no_value_is_none() -> None:
    found = decision_worth(_independent(9, 0, 20, 1), threshold=1.0, prevalence=0.1)
    assert found["lr_positive"] is None  # no false alarm: the ratio has no bound
    assert (found["net_benefit"], found["net_benefit_at_prevalence"]) == (None, None)
    assert found["lr_negative"] is not None
    one_sided = decision_worth(_independent(9, 0, 0, 1), threshold=0.5, prevalence=None)
    assert (one_sided["lr_positive"], one_sided["lr_negative"]) == (None, None)


def test_where_nothing_well_is_called_the_interval_of_net_benefit_still_allows_false_alarms() -> None:
    found = _estimate(decision_worth(_independent(30, 0, 30, 5), threshold=0.8, prevalence=None), "net_benefit")
    assert found.interval is not None
    assert found.value - found.interval[0] > 4 * 0.05  # at 0.8 each false alarm costs four finds


def test_copies_of_a_patients_images_make_no_interval_narrower() -> None:
    rng = np.random.default_rng(0)
    kinds = rng.choice(4, 150, p=[0.35, 0.1, 0.4, 0.15])
    once = DecisionCounts(*((kinds == kind).astype(np.float64) for kind in range(4)))
    five = DecisionCounts(*(5.0 * (kinds == kind) for kind in range(4)))
    for name in WORTH:
        one, many = (_estimate(decision_worth(counts, threshold=0.3, prevalence=None), name) for counts in (once, five))
        assert one.interval is not None
        assert many.interval is not None
        assert many.value == pytest.approx(one.value)
        assert many.interval[1] - many.interval[0] > 0.97 * (one.interval[1] - one.interval[0])


def test_the_intervals_cover() -> None:
    rng = np.random.default_rng(1)
    threshold, prevalence, sensitivity, specificity = 0.4, 0.3, 0.9, 0.8
    right = {
        "lr_positive": 4.5,
        "lr_negative": 0.125,
        "net_benefit": prevalence * sensitivity - (1 - prevalence) * (1 - specificity) * 2 / 3,
        "net_benefit_treat_all": prevalence - (1 - prevalence) * 2 / 3,
    }
    held = dict.fromkeys(right, 0)
    for _ in range(500):
        ill = rng.random(120) < prevalence
        called = np.where(ill, rng.random(120) < sensitivity, rng.random(120) > specificity)
        counts = DecisionCounts(
            *(k.astype(np.float64) for k in (ill & called, ~ill & called, ~ill & ~called, ill & ~called))
        )
        found = decision_worth(counts, threshold=threshold, prevalence=None)
        for name, value in right.items():
            one = found[name]
            held[name] += one is not None and one.interval is not None and one.interval[0] <= value <= one.interval[1]
    for name, times in held.items():
        assert 0.92 < times / 500 < 0.985, (name, times)

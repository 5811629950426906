import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from hilum.errors import DataError, UsageError
from hilum.statistics.probability_error import expected_calibration_error
from hilum.statistics.proportion import wilson
from hilum.statistics.reliability import equal_count_curve, equal_width_curve

RNG = np.random.default_rng(0)
PROBABILITIES = RNG.beta(0.4, 3.0, 900)
TRUTH = (RNG.random(900) < PROBABILITIES**1.3).astype(float)


@pytest.mark.parametrize(("curve", "strategy"), [(equal_width_curve, "uniform"), (equal_count_curve, "quantile")])
def test_the_curves_are_scikit_learns(curve, strategy: str) -> None:
    found = curve(TRUTH, probabilities=PROBABILITIES, bins=8)
    shares, means = calibration_curve(TRUTH, PROBABILITIES, n_bins=8, strategy=strategy)
    assert [one.observed.value for one in found] == pytest.approx(shares)
    assert [one.probability for one in found] == pytest.approx(means)
    assert sum(one.observed.n for one in found) == 900
    for one in found:
        assert one.observed == wilson(one.positives, n=one.observed.n)
        assert one.low <= one.probability <= one.high


def test_equal_counts_are_equal() -> None:
    counts = [one.observed.n for one in equal_count_curve(TRUTH, probabilities=PROBABILITIES, bins=9)]
    assert counts == [100] * 9


def test_ties_stay_together() -> None:
    found = equal_count_curve([0, 1, 0, 1, 1, 1], probabilities=[0.2, 0.2, 0.2, 0.2, 0.2, 0.9], bins=3)
    assert [(one.low, one.high, one.observed.n) for one in found] == [(0.2, 0.2, 5), (0.9, 0.9, 1)]


def test_by_hand_with_a_missing_truth() -> None:
    found = equal_width_curve([0, 1, None, 1], probabilities=[0.0, 0.5, 0.6, 1.0], bins=2)
    assert [(one.low, one.high, one.probability, one.positives, one.observed.n) for one in found] == [
        (0.0, 0.5, 0.0, 0, 1), (0.5, 1.0, 0.75, 2, 2),
    ]  # fmt: skip


def test_the_calibration_error_is_the_mean_gap_of_the_bins_of_equal_width() -> None:
    found = equal_width_curve(TRUTH, probabilities=PROBABILITIES)
    gaps = sum(one.observed.n * abs(one.probability - one.observed.value) for one in found) / 900
    assert expected_calibration_error(TRUTH, probabilities=PROBABILITIES) == pytest.approx(gaps)


@pytest.mark.parametrize("curve", [equal_width_curve, equal_count_curve])
def test_nothing_and_malformed(curve) -> None:
    assert curve([None], probabilities=[0.5]) == ()
    with pytest.raises(UsageError, match="at least one bin"):
        curve([1], probabilities=[0.5], bins=0)
    with pytest.raises(DataError, match=r"probabilities lie outside \[0, 1\]"):
        curve([1], probabilities=[1.5])

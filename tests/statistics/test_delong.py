import math

import numpy as np
import pytest
from scipy.stats import norm

from hilum.errors import UsageError
from hilum.statistics.delong import DelongTest, delong, delong_test
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric


def _by_definition(truth: np.ndarray, columns: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """AUROCs and their covariance as DeLong et al. write them: all pairs, V10 and V01, S10 and S01."""
    v10, v01 = [], []
    for scores in columns:
        positive, negative = scores[truth][:, None], scores[~truth][None]
        psi = (positive > negative) + 0.5 * (positive == negative)
        v10.append(psi.mean(axis=1))
        v01.append(psi.mean(axis=0))
    covariance = np.cov(v10) / truth.sum() + np.cov(v01) / (~truth).sum()
    return np.array([v.mean() for v in v10]), np.atleast_2d(covariance)


def _data(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.random(70) < 0.4
    shared = rng.normal(size=70)
    first = np.round(shared + truth + rng.normal(size=70), 1)
    return truth, first, np.round(shared + 0.5 * truth, 1)


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_the_definition(seed: int) -> None:
    truth, first, second = _data(seed)
    areas, covariance = _by_definition(truth, [first, second])
    single = delong(truth, scores=first, level=0.9)
    assert isinstance(single, Estimate)
    assert single.value == pytest.approx(areas[0])
    low, high = norm.interval(0.9, areas[0], math.sqrt(covariance[0, 0]))
    assert single.interval == pytest.approx((low, high))

    paired = delong_test(truth, first=first, second=second)
    assert isinstance(paired, DelongTest)
    assert paired.z is not None
    contrast = np.array([1.0, -1.0])
    error = math.sqrt(contrast @ covariance @ contrast)
    assert paired.standard_error == pytest.approx(error)
    assert paired.z == pytest.approx((areas[0] - areas[1]) / error)
    assert paired.p_value == pytest.approx(2 * norm.sf(abs(paired.z)), rel=1e-9)


def test_small_example_by_hand() -> None:
    # positives 3, 1 against negatives 2, 0: V10 = 1, 1/2 and V01 = 1/2, 1, each with variance 1/8
    found = delong([1, 1, 0, 0, None], scores=[3, 1, 2, 0, 9])
    assert isinstance(found, Estimate)
    assert (found.value, found.n) == (0.75, 4)
    assert found.interval == pytest.approx((0.75 - norm.ppf(0.975) * math.sqrt(1 / 8 / 2 + 1 / 8 / 2), 1.0))  # cut at 1


def test_scores_that_order_alike_leave_nothing_to_test() -> None:
    truth, first, _ = _data(9)
    paired = delong_test(truth, first=first, second=10 * first)
    assert isinstance(paired, DelongTest)
    assert (paired.difference, paired.z, paired.p_value) == (0.0, None, None)


def test_too_few_rows_and_bad_level() -> None:
    assert isinstance(delong([1, 0, 0], scores=[1, 2, 3]), UndefinedMetric)
    assert isinstance(delong_test([1, 1, 0], first=[1, 2, 3], second=[1, 2, 3]), UndefinedMetric)
    with pytest.raises(UsageError, match="level"):
        delong([1, 1, 0, 0], scores=[1, 2, 3, 4], level=0)


def test_agrees_with_a_published_example() -> None:
    # the CT ratings of Hanley and McNeil 1982 (Radiology 143:29, table I); the area with DeLong's standard error and
    # interval as Stata's manual prints them ([R] roctab): 0.8932, 0.0307, 0.83295 to 0.95339
    normal, abnormal = [33, 6, 6, 11, 2], [3, 2, 2, 11, 33]
    scores = np.concatenate([np.repeat(np.arange(1, 6), normal), np.repeat(np.arange(1, 6), abnormal)])
    found = delong(np.repeat([0, 1], [58, 51]), scores=scores)
    assert isinstance(found, Estimate)
    low, high = found.bounds
    assert (round(found.value, 4), round((high - low) / 2 / norm.ppf(0.975), 4)) == (0.8932, 0.0307)
    assert (round(low, 5), round(high, 5)) == (0.83295, 0.95339)

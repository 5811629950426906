import math

import numpy as np
import pytest
from scipy import stats

from hilum.errors import DataError
from hilum.statistics.clustered_share import clustered_share
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric


def _scipys_wilson(successes: int, n: int) -> tuple[float, float]:
    found = stats.binomtest(successes, n).proportion_ci(method="wilson")
    return found.low, found.high


@pytest.mark.parametrize(("successes", "n"), [(3, 3), (9, 9), (60, 60), (0, 7), (36, 40), (1, 2)])
def test_one_image_a_patient_is_wilsons(successes: int, n: int) -> None:
    found = clustered_share(np.arange(n) < successes, trials=np.ones(n))
    assert isinstance(found, Estimate)
    assert found.interval == pytest.approx(_scipys_wilson(successes, n), abs=1e-12)
    assert (found.value, found.method, found.n, found.groups) == (successes / n, "Wilson", n, n)


def test_clustered_by_the_formula_written_out() -> None:
    won, tried = [2, 0, 5, 1, 3, 0], [2, 3, 5, 1, 4, 0]
    found = clustered_share(won, trials=tried)
    share, n, patients = 11 / 15, 15, 5
    between = patients / (patients - 1) * sum((w - share * t) ** 2 for w, t in zip(won, tried, strict=True)) / n**2
    effect = min(max(between / (share * (1 - share) / n), 1), sum(t * t for t in tried) / n)
    size, t = n / effect, stats.t.ppf(0.975, patients - 1)
    # the score interval as the roots of a quadratic in the true share
    roots = np.roots([1 + t * t / size, -2 * share - t * t / size, share**2])
    assert isinstance(found, Estimate)
    assert found.interval == pytest.approx(sorted(roots.real), abs=1e-9)
    assert (found.method, found.n, found.groups) == ("clustered Wilson", 15, 5)
    assert 1 < effect < sum(t * t for t in tried) / n


def test_all_right_has_the_width_of_so_many_patients() -> None:
    found = clustered_share([4] * 6, trials=[4] * 6)
    t = stats.t.ppf(0.975, 5)
    assert isinstance(found, Estimate)
    assert found.interval == pytest.approx((6 / (6 + t * t), 1.0), abs=1e-9)


def test_images_of_a_patient_that_agree_count_once() -> None:
    rng = np.random.default_rng(0)
    right = rng.random(30) < 0.7
    once, nine = clustered_share(right, trials=np.ones(30)), clustered_share(9 * right, trials=np.full(30, 9))
    assert isinstance(once, Estimate)
    assert isinstance(nine, Estimate)
    assert once.interval is not None
    assert nine.interval is not None
    assert nine.interval[0] == pytest.approx(once.interval[0], abs=0.02)
    assert nine.interval[1] == pytest.approx(once.interval[1], abs=0.02)


def test_one_patient_and_nothing() -> None:
    one = clustered_share([5, 0], trials=[7, 0])
    assert one == Estimate(5 / 7, None, note="all images are of one patient", n=7, groups=1)
    assert isinstance(clustered_share([0], trials=[0]), UndefinedMetric)
    with pytest.raises(DataError, match="no successes beyond"):
        clustered_share([2], trials=[1])
    assert math.isfinite(one.value)

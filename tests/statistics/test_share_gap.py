import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binomtest, norm, ttest_ind

from hilum.statistics.estimate import Contrast, Estimate
from hilum.statistics.outcomes import UndefinedMetric
from hilum.statistics.share_gap import Counts, share_gap, symmetric_gap


def _independent(successes: int, n: int) -> Counts:
    return Counts(np.r_[np.ones(successes), np.zeros(n - successes)], np.ones(n))


def _newcombe(a: int, m: int, b: int, n: int, level: float = 0.95) -> tuple[float, float]:
    first, second = (binomtest(k, size).proportion_ci(level, method="wilson") for k, size in ((a, m), (b, n)))
    p, q = a / m, b / n
    below, above = np.hypot(p - first.low, second.high - q), np.hypot(first.high - p, q - second.low)
    return p - q - below, p - q + above


def _gap(first: Counts, second: Counts) -> Contrast:
    found = share_gap(first, second)
    assert isinstance(found, Contrast)
    return found


def test_newcombes_published_example() -> None:
    """56/70 against 48/80: method 10 gives 0.0524 to 0.3339 (Newcombe 1998, table II)."""
    found = _gap(_independent(56, 70), _independent(48, 80))
    assert found.estimate.value == pytest.approx(0.2)
    assert found.estimate.interval == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize(("a", "m", "b", "n"), [(9, 10, 3, 10), (0, 20, 5, 30), (20, 20, 30, 30), (40, 50, 30, 60)])
def test_with_one_image_a_patient_it_is_newcombes_from_scipys_wilson(a: int, m: int, b: int, n: int) -> None:
    found = _gap(_independent(a, m), _independent(b, n))
    assert found.estimate.interval == pytest.approx(_newcombe(a, m, b, n))
    assert found.estimate.interval[0] < found.estimate.interval[1]


def test_p_is_where_the_interval_just_reaches_0() -> None:
    found = _gap(_independent(40, 50), _independent(30, 60))
    level = brentq(lambda x: _newcombe(40, 50, 30, 60, x)[0], 0.5, 1 - 1e-7)
    assert found.p == pytest.approx(1 - level, rel=1e-3)
    assert _gap(_independent(10, 20), _independent(15, 30)).p == 1.0
    assert _gap(_independent(100, 100), _independent(0, 100)).p < 1e-6


def test_the_same_gap_the_other_way_round_has_the_same_p() -> None:
    one, other = _independent(40, 50), _independent(30, 60)
    there, back = _gap(one, other), _gap(other, one)
    assert back.p == pytest.approx(there.p)
    assert back.estimate.interval == pytest.approx((-there.estimate.interval[1], -there.estimate.interval[0]))


def test_under_the_null_p_is_below_0_05_in_one_of_twenty_also_where_images_of_a_patient_agree() -> None:
    rng = np.random.default_rng(0)
    below = []
    for _ in range(400):
        sides = []
        for patients in (40, 60):
            share = rng.beta(0.85 * 2, 0.15 * 2, patients)  # a patient's own chance: correlation 1 / 3
            sides.append(Counts(rng.binomial(5, share), np.full(patients, 5)))
        below.append(_gap(*sides).p < 0.05)
    assert 0.02 < np.mean(below) < 0.085


def test_a_side_of_nothing_or_of_one_patient_is_not_compared() -> None:
    nothing = share_gap(Counts([0, 0], [0, 0]), _independent(3, 5))
    assert isinstance(nothing, UndefinedMetric)
    one = share_gap(Counts([3], [5]), _independent(3, 5))
    assert isinstance(one, UndefinedMetric)
    assert "one patient" in one.reason


def test_symmetric_intervals_give_the_z_test() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.3, 1, 500), rng.normal(0, 2, 800)

    def mean(values: np.ndarray) -> Estimate:
        half = norm.ppf(0.975) * values.std(ddof=1) / np.sqrt(values.size)
        return Estimate(float(values.mean()), (float(values.mean() - half), float(values.mean() + half)))

    found = symmetric_gap(mean(a), mean(b))
    assert isinstance(found, Contrast)
    theirs = ttest_ind(a, b, equal_var=False)
    assert found.p == pytest.approx(2 * norm.sf(abs(theirs.statistic)), rel=1e-9)
    assert isinstance(symmetric_gap(Estimate(1.0, None, note="few"), mean(b)), UndefinedMetric)

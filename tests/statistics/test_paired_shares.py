from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest, chi2, norm

from hilum.errors import DataError, UsageError
from hilum.statistics.outcomes import UndefinedMetric
from hilum.statistics.paired_shares import PairedShares, paired_shares, sign_flip_p_value


def compared(first, second, patients, **wishes) -> PairedShares:
    found = paired_shares(first, second=second, patients=patients, **wishes)
    assert isinstance(found, PairedShares)
    return found


def rows(both: int, first_only: int, second_only: int, neither: int):
    first = np.array([1] * both + [1] * first_only + [0] * second_only + [0] * neither, bool)
    second = np.array([1] * both + [0] * first_only + [1] * second_only + [0] * neither, bool)
    return first, second


@pytest.mark.parametrize("counts", [(10, 5, 1, 4), (0, 0, 7, 3), (30, 12, 12, 0), (5, 0, 0, 5)])
def test_one_row_a_patient_is_mcnemars_exact_test(counts):
    first, second = rows(*counts)
    found = compared(first, second, np.arange(first.size))
    assert (found.both, found.first_only, found.second_only, found.neither) == counts
    discordant = counts[1] + counts[2]
    expected = binomtest(counts[1], discordant).pvalue if discordant else 1.0
    assert found.p_value == pytest.approx(expected, rel=1e-12)


def test_the_interval_is_bonett_and_prices():
    # 12 and 4 of 50 discordant: (13/52, 5/52), by hand
    first, second = rows(30, 12, 4, 4)
    found = compared(first, second, np.arange(50))
    one, two = 13 / 52, 5 / 52
    half = norm.ppf(0.975) * np.sqrt((one + two - (one - two) ** 2) / 52)
    assert found.difference.interval == pytest.approx((one - two - half, one - two + half), rel=1e-12)
    assert found.difference.value == pytest.approx(8 / 50)
    assert found.difference.method == "clustered Bonett-Price"


def test_no_disagreement_is_no_certainty():
    first, second = rows(20, 0, 0, 2)
    found = compared(first, second, np.arange(22))
    half = norm.ppf(0.975) * np.sqrt((2 / 24) / 24)
    assert found.difference.interval == pytest.approx((-half, half))
    # eleven patients of two rows that agree are as good as eleven rows
    doubled = compared(first, second, np.arange(22) // 2)
    assert doubled.difference.bounds[1] == pytest.approx(norm.ppf(0.975) * np.sqrt((2 / 13) / 13))


def test_rows_that_only_repeat_a_patient_add_nothing():
    first, second = rows(10, 6, 2, 4)
    once = compared(first, second, np.arange(22))
    often = compared(np.repeat(first, 3), np.repeat(second, 3), np.repeat(np.arange(22), 3))
    assert often.p_value == pytest.approx(once.p_value)
    assert often.difference.interval == pytest.approx(once.difference.interval)  # the design effect is 3


def test_the_flips_are_counted_as_by_brute_force():
    rng = np.random.default_rng(0)
    for _ in range(30):
        net = rng.integers(-3, 4, 9)
        sums = [abs(sum(sign * d for sign, d in zip(signs, net, strict=True))) for signs in product((-1, 1), repeat=9)]
        expected = np.mean(np.array(sums) >= abs(net.sum()))
        assert sign_flip_p_value(net.astype(np.int64)) == pytest.approx(expected, rel=1e-12)


def test_many_patients_give_the_clustered_mcnemar_test():
    rng = np.random.default_rng(1)
    net = rng.choice([-2, -1, 0, 1, 2], 3000, p=[0.05, 0.1, 0.66, 0.12, 0.07])
    expected = chi2.sf(net.sum() ** 2 / (net**2).sum(), df=1)  # Yang, Sun and Hardin 2010
    assert sign_flip_p_value(net) == pytest.approx(expected, rel=0.1)
    large = np.tile(net, 12)
    assert sign_flip_p_value(large) == pytest.approx(chi2.sf(large.sum() ** 2 / (large**2).sum(), df=1), rel=1e-9)


def test_what_cannot_be_compared():
    assert isinstance(paired_shares([], second=[], patients=[]), UndefinedMetric)
    with pytest.raises(DataError, match="three rows must have one length"):
        paired_shares([True], second=[True, False], patients=[1, 2])
    with pytest.raises(UsageError, match="level"):
        paired_shares([True], second=[True], patients=[1], level=1.0)


def clustered(rng, *, patients, size, share, within, between):
    """Two models' right calls with one share: rows of a patient go together, and so do the models."""
    patient = np.repeat(np.arange(patients), size)
    common = np.sqrt(within) * rng.normal(size=patients)[patient] + np.sqrt(1 - within) * rng.normal(size=patient.size)
    calls = []
    for _ in range(2):
        own = np.sqrt(within) * rng.normal(size=patients)[patient] + np.sqrt(1 - within) * rng.normal(size=patient.size)
        calls.append(np.sqrt(between) * common + np.sqrt(1 - between) * own < norm.ppf(share))
    return *calls, patient


@pytest.mark.slow
@pytest.mark.parametrize(
    ("patients", "size", "share"), [(15, 1, 0.9), (40, 1, 0.97), (40, 4, 0.9), (60, 9, 0.8), (300, 1, 0.95)]
)
def test_the_error_of_the_test_and_the_coverage_of_the_interval(patients, size, share):
    rng = np.random.default_rng(7)
    found = [
        compared(first, second, patient)
        for first, second, patient in (
            clustered(rng, patients=patients, size=size, share=share, within=0.5, between=0.5) for _ in range(1000)
        )
    ]
    assert np.mean([one.p_value <= 0.05 for one in found]) <= 0.07
    assert np.mean([low <= 0 <= high for low, high in (one.difference.bounds for one in found)]) >= 0.93

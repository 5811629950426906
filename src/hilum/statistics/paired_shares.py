"""Two models' shares of right decisions on the same images, paired: their difference, its interval and its test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError, UsageError
from hilum.statistics.estimate import LEVEL, Estimate, Interval
from hilum.statistics.outcomes import FloatArray, UndefinedMetric

_MOST_EXACT = 20_000
"""Above so many images on which one model alone is right, the test's distribution is taken as normal."""


@dataclass(frozen=True, slots=True)
class PairedShares:
    """`n` images of `patients` patients by who was right; `difference` is the first share minus the second.

    Its interval has a width even where the two never differ. `p_value` is two-sided, 1 where no patient tells the two
    apart.
    """

    n: int
    patients: int
    both: int
    first_only: int
    second_only: int
    neither: int
    difference: Estimate
    p_value: float


def paired_shares(
    first: npt.ArrayLike, *, second: npt.ArrayLike, patients: npt.ArrayLike, level: float = LEVEL
) -> PairedShares | UndefinedMetric:
    """Compare two shares on the same rows: `first` and `second` (n,) say of each row whether the model was right.

    Given the positives alone this compares sensitivities, given the negatives specificities. `patients` (n,) names the
    patient of each row; patients are the unit. `UndefinedMetric` without rows; raises `DataError` for other shapes.

    The interval is Bonett and Price's (2012), an adjusted Wald interval: with counts of rows on which one model alone
    is right, one is added to each and two to n. Where patients repeat, counts and n are first divided by the design
    effect: the clustered variance of the difference over that of independent rows, held between 1 and what it is
    where all rows of a patient agree; it is the latter where no row tells the models apart.

    The test flips, patient by patient, which model is which: the exact distribution of the sum over patients of rows
    that the first alone has right less those that the second alone has right. With one row a patient this is McNemar's
    exact test (1947), and with many patients it is the clustered McNemar test of Yang, Sun and Hardin (2010), whose
    squared statistic is (sum of d)^2 / (sum of d^2) over patients' differences d.
    """
    right, other, names = np.asarray(first, np.bool_), np.asarray(second, np.bool_), np.asarray(patients)
    if right.ndim != 1 or right.shape != other.shape or right.shape != names.shape:
        raise DataError(f"The three rows must have one length, not {right.shape}, {other.shape} and {names.shape}")
    if not 0.0 < level < 1.0:
        raise UsageError(f"level must lie in (0, 1), not {level}")
    if not right.size:
        return UndefinedMetric("there are no such images", 0, 0)
    unique, patient = np.unique(names, return_inverse=True)
    first_only, second_only = right & ~other, other & ~right
    net = _by_patient(first_only, patient, unique.size) - _by_patient(second_only, patient, unique.size)
    rows = np.bincount(patient, minlength=unique.size).astype(np.float64)
    effect = _design_effect(first_only, second_only, net=net, rows=rows)
    interval = _interval(int(first_only.sum()), int(second_only.sum()), n=right.size, effect=effect, level=level)
    return PairedShares(
        n=right.size,
        patients=int(unique.size),
        both=int((right & other).sum()),
        first_only=int(first_only.sum()),
        second_only=int(second_only.sum()),
        neither=int((~right & ~other).sum()),
        difference=Estimate(
            float((int(first_only.sum()) - int(second_only.sum())) / right.size),
            interval,
            method="clustered Bonett-Price",
        ),
        p_value=sign_flip_p_value(net.astype(np.int64)),
    )


def sign_flip_p_value(net: npt.NDArray[np.int64]) -> float:
    """The two-sided p-value of a sum of whole numbers (P,) of which each may as well have had the other sign.

    Exact up to a sum of magnitudes of 20,000; above, normal with the variance sum of squares. 1 where all are 0.
    """
    sizes = np.abs(net[net != 0])
    most, seen = int(sizes.sum()), abs(int(net.sum()))
    if most == 0:
        return 1.0
    if most > _MOST_EXACT:
        return math.erfc(seen / math.sqrt(2.0 * float((sizes.astype(np.float64) ** 2).sum())))
    chances = np.zeros(2 * most + 1)  # of the sums -most .. most
    chances[most] = 1.0
    for size in sizes.tolist():
        spread = np.zeros_like(chances)
        spread[size:] += chances[:-size] / 2
        spread[:-size] += chances[size:] / 2
        chances = spread
    return min(1.0, 2.0 * float(chances[most + seen :].sum()))


def _by_patient(which: npt.NDArray[np.bool_], patient: npt.NDArray[np.intp], count: int) -> FloatArray:
    return np.bincount(patient[which], minlength=count).astype(np.float64)


def _design_effect(
    first_only: npt.NDArray[np.bool_], second_only: npt.NDArray[np.bool_], *, net: FloatArray, rows: FloatArray
) -> float:
    n, patients = first_only.size, rows.size
    largest = float((rows**2).sum() / n)
    if patients == n:
        return 1.0
    difference = float(net.sum() / n)
    independent = float((first_only | second_only).mean()) - difference**2
    if patients < 2 or independent <= 0:
        return largest
    clustered = patients / (patients - 1) * float(((net - rows * difference) ** 2).sum()) / n
    return float(np.clip(clustered / independent, 1.0, largest))


def _interval(first_only: int, second_only: int, *, n: int, effect: float, level: float) -> Interval:
    added = n / effect + 2
    one, two = (first_only / effect + 1) / added, (second_only / effect + 1) / added
    half = NormalDist().inv_cdf(0.5 + level / 2) * math.sqrt((one + two - (one - two) ** 2) / added)
    return max(-1.0, one - two - half), min(1.0, one - two + half)

"""The difference of two shares, or of two numbers with symmetric intervals, with its interval and its p-value."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy.typing as npt

from hilum.statistics.clustered_share import clustered_share
from hilum.statistics.estimate import LEVEL, Contrast, Estimate, Interval
from hilum.statistics.outcomes import UndefinedMetric

_STEPS = 20
_SMALLEST_P = 1e-9
_QUANTILE = NormalDist().inv_cdf(0.5 + LEVEL / 2)


@dataclass(frozen=True, slots=True)
class Counts:
    """`successes` and `trials`, both (P,): the images of each patient."""

    successes: npt.ArrayLike
    trials: npt.ArrayLike


def share_gap(first: Counts, second: Counts) -> Contrast | UndefinedMetric:
    """The difference of two shares by patient, from their own clustered Wilson intervals (MOVER).

    With one image a patient it is Newcombe's method 10 (1998), after Zou and Donner 2008. It has a width where a share
    is 0 or 1. The p-value is 1 minus the level at which the interval just reaches 0, so that it is below 0.05 where the
    95% interval leaves out 0. The two sides count as independent: a patient who stands on both makes the interval wider
    than it need be, where the images of a patient resemble each other. `UndefinedMetric` where a side is of nothing or
    of one patient only.
    """

    def side(counts: Counts, level: float) -> Estimate | UndefinedMetric:
        return clustered_share(counts.successes, trials=counts.trials, level=level)

    one, other = side(first, LEVEL), side(second, LEVEL)
    for each in (one, other):
        if isinstance(each, UndefinedMetric):
            return each
        if each.interval is None:
            return UndefinedMetric(each.note or "there is no interval", each.n or 0, 0)
    assert isinstance(one, Estimate)
    assert isinstance(other, Estimate)
    value = one.value - other.value

    def bounds(level: float) -> Interval:
        here, there = side(first, level), side(second, level)
        if isinstance(here, UndefinedMetric) or isinstance(there, UndefinedMetric):
            return value, value
        return difference_interval(here, there) or (value, value)

    return Contrast(Estimate(value, bounds(LEVEL), method="MOVER"), _p_value(value, bounds))


def difference_interval(first: Estimate, second: Estimate) -> Interval | None:
    """The interval of first - second from the two intervals (Zou and Donner 2008); None where one has none."""
    if first.interval is None or second.interval is None:
        return None
    value = first.value - second.value
    below = math.hypot(first.value - first.interval[0], second.interval[1] - second.value)
    above = math.hypot(first.interval[1] - first.value, second.value - second.interval[0])
    return value - below, value + above


def symmetric_gap(first: Estimate, second: Estimate) -> Contrast | UndefinedMetric:
    """The difference of two estimates whose 95% intervals are normal ones; the sides count as independent.

    `UndefinedMetric` where one has no interval.
    """
    interval = difference_interval(first, second)
    if interval is None:
        return UndefinedMetric(first.note or second.note or "there is no interval", first.n or 0, 0)
    value = first.value - second.value
    error = (interval[1] - interval[0]) / (2 * _QUANTILE)
    p = 2 * NormalDist().cdf(-abs(value) / error) if error > 0 else float(value == 0)
    return Contrast(Estimate(value, interval, method="MOVER"), p)


def _p_value(value: float, bounds: Callable[[float], Interval]) -> float:
    """1 minus the highest level whose interval leaves out 0, by bisection over the logarithm of p."""
    if value == 0:
        return 1.0
    low, high = math.log(_SMALLEST_P), 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        found = bounds(-math.expm1(middle))
        low, high = (low, middle) if found[0] > 0 or found[1] < 0 else (middle, high)
    return math.exp(high)

"""Intervals of what is made of two shares, from the two shares' own intervals (MOVER).

Zou and Donner 2008 recover from each interval the variance near its bounds, where it matters: unlike a normal interval
the result is not symmetric, and has a width where a share is 0 or 1. The two shares count as independent, which they
are where one is of ill and the other of well patients.
"""

from __future__ import annotations

import math

from hilum.statistics.estimate import Estimate, Interval


def mean_interval(first: Estimate, second: Estimate) -> Interval | None:
    """The interval of (first + second) / 2; None where one of the two has none."""
    if first.interval is None or second.interval is None:
        return None
    middle = (first.value + second.value) / 2
    below = math.hypot(first.value - first.interval[0], second.value - second.interval[0]) / 2
    above = math.hypot(first.interval[1] - first.value, second.interval[1] - second.value) / 2
    return middle - below, middle + above


def ratio_interval(first: Estimate, second: Estimate) -> Interval | None:
    """The interval of first / second, both >= 0; its high bound may be infinite. None where one of the two has none.

    Source: Donner and Zou 2012, Fieller's theorem with the variances recovered from each bound.
    """
    if first.interval is None or second.interval is None or second.value <= 0:
        return None
    low = _ratio_bound(first.value, first.interval[0], over=second.value, over_bound=second.interval[1], side=-1)
    high = _ratio_bound(first.value, first.interval[1], over=second.value, over_bound=second.interval[0], side=1)
    return low, high


def _ratio_bound(value: float, bound: float, *, over: float, over_bound: float, side: int) -> float:
    product = value * over
    denominator = over_bound * (2 * over - over_bound)
    if denominator <= 0 and side > 0:
        return math.inf
    if denominator == 0:
        return bound * (2 * value - bound) / (2 * product) if product else 0.0  # what the formula comes to there
    root = math.sqrt(max(0.0, product**2 - bound * (2 * value - bound) * denominator))
    return max(0.0, (product + side * root) / denominator)

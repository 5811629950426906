"""The difference of two AUROCs on the same images, with an interval and a test in which patients are the unit."""

from __future__ import annotations

import math
from statistics import NormalDist

from scipy.special import stdtr, stdtrit  # type: ignore[import-untyped]

from hilum.errors import UsageError
from hilum.statistics.estimate import LEVEL, Contrast, Estimate, Interval
from hilum.statistics.obuchowski import ClusteredAurocs, logit_interval
from hilum.statistics.proportion import wilson_reach


def auroc_difference(aurocs: ClusteredAurocs, *, first: int = 0, second: int = 1, level: float = LEVEL) -> Contrast:
    """Compare the scores in columns `first` and `second` of `aurocs`; with one image a patient the test is DeLong's.

    There is no interval where both scores order the images alike: then there is no difference whose spread could be
    known. There is no p-value where the clustered standard error is 0.

    Where patients have several images, the difference over its error (Obuchowski 1997) is held against Student's t,
    with one degree of freedom less than there are ill, or well, patients, whichever are fewer: the normal distribution
    finds too many differences. With one image a patient it is the normal one, as in DeLong's test.

    Each bound of the interval is the wider of two. One comes from that error; it is symmetric, and so misses too often
    on one side where one AUROC is near 1 and the other is not. The other joins the interval of each AUROC on the logit
    scale by their correlation (MOVER; Zou and Donner 2008), and is too narrow where both are near 1. An AUROC of 0 or 1
    has no logit interval; there stands Wilson's bound for a share of as many patients as are ill, or well, whichever
    are fewer. Raises `UsageError` for a level out of (0, 1).
    """
    if not 0.0 < level < 1.0:
        raise UsageError(f"The level must lie between 0 and 1; given: {level}")
    weights = [0.0] * aurocs.aurocs.size
    weights[first], weights[second] = 1.0, -1.0
    value, error = aurocs.contrast(weights)
    areas = (float(aurocs.aurocs[first]), float(aurocs.aurocs[second]))
    perfect = areas[0] == areas[1] and areas[0] in (0.0, 1.0)
    if error == 0.0 and not perfect:
        return Contrast(Estimate(value, None), None)
    half = _quantile(aurocs, level=level) * error
    low, high = _mover(aurocs, first=first, second=second, level=level)
    interval = (max(-1.0, min(value - half, low)), min(1.0, max(value + half, high)))
    return Contrast(Estimate(value, interval), _two_sided(aurocs, abs(value) / error) if error > 0 else None)


def _freedom(aurocs: ClusteredAurocs) -> int | None:
    """The degrees of freedom of Student's t; None where no patient repeats."""
    if aurocs.patients == aurocs.n:
        return None
    return min(aurocs.positive_patients, aurocs.negative_patients) - 1


def _quantile(aurocs: ClusteredAurocs, *, level: float) -> float:
    freedom = _freedom(aurocs)
    return NormalDist().inv_cdf(0.5 + level / 2) if freedom is None else float(stdtrit(freedom, 0.5 + level / 2))


def _two_sided(aurocs: ClusteredAurocs, ratio: float) -> float:
    freedom = _freedom(aurocs)
    return math.erfc(ratio / math.sqrt(2)) if freedom is None else float(2 * stdtr(freedom, -ratio))


def _mover(aurocs: ClusteredAurocs, *, first: int, second: int, level: float) -> Interval:
    one, two = float(aurocs.aurocs[first]), float(aurocs.aurocs[second])
    (low_1, high_1), (low_2, high_2) = (_single(aurocs, place, level=level) for place in (first, second))
    covariance = aurocs.covariance
    scale = math.sqrt(float(covariance[first, first] * covariance[second, second]))
    correlation = float(covariance[first, second]) / scale if scale > 0 else 0.0
    below = (one - low_1) ** 2 + (high_2 - two) ** 2 - 2 * correlation * (one - low_1) * (high_2 - two)
    above = (high_1 - one) ** 2 + (two - low_2) ** 2 - 2 * correlation * (high_1 - one) * (two - low_2)
    return one - two - math.sqrt(max(below, 0.0)), one - two + math.sqrt(max(above, 0.0))


def _single(aurocs: ClusteredAurocs, place: int, *, level: float) -> Interval:
    area = float(aurocs.aurocs[place])
    found = logit_interval(area, standard_error=float(aurocs.standard_errors[place]), level=level)
    if found is not None:
        return found
    n = min(aurocs.positive_patients, aurocs.negative_patients)
    beyond = wilson_reach(n=n, z=NormalDist().inv_cdf(0.5 + level / 2))
    return (area - beyond, area) if area > 0.5 else (area, area + beyond)

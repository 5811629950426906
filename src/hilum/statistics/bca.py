"""The bias-corrected and accelerated bootstrap interval (BCa), from draws and a jackknife over the same units."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from hilum.statistics.estimate import LEVEL, Interval
from hilum.statistics.outcomes import FloatArray

_NORMAL = NormalDist()


def bca_interval(value: float, *, draws: FloatArray, jackknife: FloatArray, level: float = LEVEL) -> Interval | None:
    """The BCa interval of `value` from bootstrap `draws` (B,) and leave-one-out values `jackknife` (G,).

    The percentiles that are taken are moved by the median bias of the draws, and by how the spread changes with the
    value, which is read from the skewness of the jackknife. NaN in either is left out. None where nearly no draw has a
    value, or where none lies on one side of `value`: such draws say nothing of that side. Source: Efron 1987; Efron and
    Tibshirani 1993, section 14.3.
    """
    defined, left_out = draws[~np.isnan(draws)], jackknife[~np.isnan(jackknife)]
    if defined.size < 2 or left_out.size < 2:
        return None
    below = (np.count_nonzero(defined < value) + np.count_nonzero(defined <= value)) / (2 * defined.size)
    if not 0.0 < below < 1.0:
        return None
    bias = _NORMAL.inv_cdf(below)
    pull = left_out.mean() - left_out
    spread = float(pull @ pull)
    acceleration = float((pull**3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0
    percentiles = []
    for probability in ((1 - level) / 2, (1 + level) / 2):
        moved = bias + _NORMAL.inv_cdf(probability)
        percentiles.append(_NORMAL.cdf(bias + moved / (1 - acceleration * moved)))
    low, high = np.quantile(defined, percentiles)
    return (float(low), float(high)) if math.isfinite(low) and math.isfinite(high) else None

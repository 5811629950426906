"""Student's paired t-test over classes, as papers on ChestX-ray14 report it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr  # type: ignore[import-untyped]

from hilum.errors import DataError
from hilum.statistics.outcomes import UndefinedMetric


@dataclass(frozen=True, slots=True)
class PairedT:
    """`mean_difference` is first minus second over `n` pairs; `p_value` is two-tailed with n - 1 degrees of freedom."""

    mean_difference: float
    t: float
    p_value: float
    n: int


def paired_t_test(first: npt.ArrayLike, *, second: npt.ArrayLike) -> PairedT | UndefinedMetric:
    """Test whether the mean of `first` - `second` (n,) is 0 (Student 1908).

    Over the classes of one test set the pairs are not independent (one image counts in every class), so beside it
    stands the bootstrap by patient. `UndefinedMetric` with fewer than two pairs, or where all differences are equal.
    """
    one, two = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if one.ndim != 1 or one.shape != two.shape or not (np.isfinite(one).all() and np.isfinite(two).all()):
        raise DataError(
            f"The paired t-test needs two rows of finite numbers of one length; their shapes: {one.shape} and "
            f"{two.shape}"
        )
    difference = one - two
    if difference.size < 2:
        return UndefinedMetric("a t-test needs at least two pairs", int(difference.size), 0)
    # equal differences leave rounding, not variation
    if np.ptp(difference) <= 8 * np.finfo(np.float64).eps * max(np.abs(one).max(), np.abs(two).max()):
        return UndefinedMetric("all differences are equal", int(difference.size), 0)
    t = float(difference.mean() / (difference.std(ddof=1) / math.sqrt(difference.size)))
    return PairedT(float(difference.mean()), t, float(2 * stdtr(difference.size - 1, -abs(t))), int(difference.size))

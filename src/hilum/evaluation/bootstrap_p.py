"""p-values from the draws of a difference."""

from __future__ import annotations

import numpy as np

from hilum.statistics.outcomes import FloatArray


def bootstrap_p_value(draws: FloatArray) -> float | None:
    """Twice the smaller tail of the drawn differences beyond 0, at least 2 / (B + 1) and at most 1; NaN are left out.

    It inverts the percentile interval (Efron and Tibshirani 1993, section 15.4); one is added to each tail, so that it
    is never 0. None with fewer than two draws.
    """
    defined = draws[~np.isnan(draws)]
    if defined.size < 2:
        return None
    tail = min(np.count_nonzero(defined <= 0), np.count_nonzero(defined >= 0)) + 1
    return min(1.0, 2.0 * float(tail) / (defined.size + 1))

"""Placements: how each positive and each negative stands among the others, the parts that an AUROC is the mean of."""

from __future__ import annotations

import numpy as np

from hilum.statistics.outcomes import FloatArray


def placements(positive: FloatArray, *, negative: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """The AUROC, the share of negatives that each positive beats, and of positives that beat each negative.

    `positive` (M,) and `negative` (N,) are scores; the shares are (M,) and (N,), and the mean of either is the AUROC.
    A tie counts one half. They are DeLong's structural components V10 and V01 (DeLong, DeLong and Clarke-Pearson 1988).
    """
    of_positives = _share_below(positive, negative)
    of_negatives = 1.0 - _share_below(negative, positive)
    return float(of_positives.mean()), of_positives, of_negatives


def _share_below(values: FloatArray, others: FloatArray) -> FloatArray:
    """For each value the share of `others` below it, a tie counting one half; sorting makes it O(n log n)."""
    ladder = np.sort(others)
    twice = np.searchsorted(ladder, values, side="left") + np.searchsorted(ladder, values, side="right")
    return np.asarray(twice / (2 * others.size), np.float64)

"""Area under the receiver operating characteristic curve, and the placements that it is the mean of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.statistics.outcomes import FloatArray, UndefinedMetric, known_outcomes


def auroc(truth: npt.ArrayLike, *, scores: npt.ArrayLike) -> float | UndefinedMetric:
    """The probability that a random positive scores above a random negative; a tie counts one half.

    `truth` (n,) is 0, 1 or missing (NaN, None: left out), `scores` (n,) any finite scores. The result is in [0, 1], or
    `UndefinedMetric` where there are no positives or no negatives. This is the Mann-Whitney statistic over the number
    of pairs (Hanley and McNeil 1982). Raises `DataError` for malformed input.
    """
    outcomes = known_outcomes(truth, scores=scores)
    undefined = outcomes.lacks_an_outcome()
    if undefined is not None:
        return undefined
    positive, negative = outcomes.scores[outcomes.truth], np.sort(outcomes.scores[~outcomes.truth])
    below = np.searchsorted(negative, positive, side="left")
    below_or_tied = np.searchsorted(negative, positive, side="right")
    return float((below + below_or_tied).sum() / (2 * positive.size * negative.size))


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

"""Statistics for the bootstrap: each takes the data once and gives a function from row weights to values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.statistics.bootstrap import Statistic, Weights
from hilum.statistics.outcomes import FloatArray, known_outcomes


def auroc_statistic(truth: npt.ArrayLike, *, scores: npt.ArrayLike) -> Statistic:
    """The AUROC of rows counted by their weights; NaN in a replicate without positives or without negatives.

    `truth` (n,) is 0, 1 or missing (such rows count for nothing), `scores` (n,). Scores are sorted once: with C the
    running sum of the negatives' weights in order of score, a positive of score s wins
    (C(below s) + C(up to s)) / 2 pairs, so a replicate costs one running sum.
    """
    outcomes = known_outcomes(truth, scores=scores)
    negatives = np.flatnonzero(~outcomes.truth)
    negatives = negatives[np.argsort(outcomes.scores[negatives], kind="stable")]
    positives = np.flatnonzero(outcomes.truth)
    ladder = outcomes.scores[negatives]
    below = np.searchsorted(ladder, outcomes.scores[positives], side="left")
    up_to = np.searchsorted(ladder, outcomes.scores[positives], side="right")
    negative_rows, positive_rows = outcomes.rows[negatives], outcomes.rows[positives]

    def statistic(weights: Weights) -> FloatArray:
        running = np.zeros((len(weights), negative_rows.size + 1), np.int64)
        np.cumsum(weights[:, negative_rows], axis=1, out=running[:, 1:])
        drawn = weights[:, positive_rows]
        twice_won = (drawn * (running[:, below] + running[:, up_to])).sum(axis=1)
        pairs = drawn.sum(axis=1, dtype=np.int64) * running[:, -1]
        return _divided(twice_won, 2 * pairs)

    return statistic


def share_statistic(successes: npt.ArrayLike, *, trials: npt.ArrayLike) -> Statistic:
    """The weighted share of `trials` rows that are `successes`; NaN in a replicate without trials.

    Both are boolean (n,), and a success is a trial. With trials the positives and successes the positives called
    positive this is the sensitivity; likewise specificity, predictive values and accuracy.
    """
    tried = np.asarray(trials, np.bool_)
    succeeded = np.asarray(successes, np.bool_)
    if tried.ndim != 1 or tried.shape != succeeded.shape or (succeeded & ~tried).any():
        raise DataError("expected boolean successes and trials of one shape (n,), every success a trial")
    trial_rows, success_rows = np.flatnonzero(tried), np.flatnonzero(succeeded)

    def statistic(weights: Weights) -> FloatArray:
        counted = weights[:, success_rows].sum(axis=1, dtype=np.int64)
        return _divided(counted, weights[:, trial_rows].sum(axis=1, dtype=np.int64))

    return statistic


def _divided(numerator: npt.NDArray[np.int64], denominator: npt.NDArray[np.int64]) -> FloatArray:
    values = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=values, where=denominator > 0)
    return values

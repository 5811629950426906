"""Average precision: the area under the precision-recall curve, as a step function."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.statistics.outcomes import UndefinedMetric, known_outcomes


def average_precision(truth: npt.ArrayLike, *, scores: npt.ArrayLike) -> float | UndefinedMetric:
    """`sum_i (R_i - R_(i-1)) P_i` over the distinct scores from the highest down, without interpolation.

    `truth` (n,) is 0, 1 or missing (left out), `scores` (n,) any finite scores; rows with one score enter together. A
    useless score gives the prevalence, so compare it only at one prevalence. `UndefinedMetric` where there are no
    positives or no negatives. Source: Davis and Goadrich 2006, in scikit-learn's definition.
    """
    outcomes = known_outcomes(truth, scores=scores)
    undefined = outcomes.lacks_an_outcome()
    if undefined is not None:
        return undefined
    order = np.argsort(-outcomes.scores, kind="stable")
    truth_sorted, scores_sorted = outcomes.truth[order], outcomes.scores[order]
    last_of_tie = np.flatnonzero(np.append(np.diff(scores_sorted) != 0, True))
    true_positives = np.cumsum(truth_sorted)[last_of_tie]
    precision = true_positives / (last_of_tie + 1)
    recall_gain = np.diff(true_positives, prepend=0) / outcomes.positives
    return float((recall_gain * precision).sum())

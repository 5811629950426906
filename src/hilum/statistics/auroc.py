"""Area under the receiver operating characteristic curve."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.statistics.outcomes import UndefinedMetric, known_outcomes


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

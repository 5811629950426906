"""The confusion table at one threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.statistics.outcomes import known_outcomes


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of decisions against the truth; `evaluation` gives the shares that are read from it, by patient."""

    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int

    @property
    def positives(self) -> int:
        """Rows whose truth is positive."""
        return self.true_positives + self.false_negatives

    @property
    def negatives(self) -> int:
        """Rows whose truth is negative."""
        return self.true_negatives + self.false_positives


def confusion(truth: npt.ArrayLike, *, scores: npt.ArrayLike, threshold: float) -> Confusion:
    """Count decisions `score >= threshold` against `truth` (n,), which is 0, 1 or missing (left out).

    Raises `DataError` for malformed input or a threshold that is NaN.
    """
    if np.isnan(threshold):
        raise DataError("The threshold is NaN. Give a number")
    outcomes = known_outcomes(truth, scores=scores)
    called = outcomes.scores >= threshold
    true_positives = int(np.count_nonzero(called & outcomes.truth))
    false_positives = int(np.count_nonzero(called)) - true_positives
    return Confusion(
        true_positives=true_positives,
        false_positives=false_positives,
        true_negatives=outcomes.n - outcomes.positives - false_positives,
        false_negatives=outcomes.positives - true_positives,
    )

"""The confusion table at one threshold, and the shares that are read from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.statistics.outcomes import UndefinedMetric, known_outcomes
from hilum.statistics.proportion import Proportion, wilson


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of decisions against the truth; shares come with Wilson's 95% interval.

    A share over nothing (the sensitivity where there are no positives) is an `UndefinedMetric`.
    """

    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int

    @property
    def n(self) -> int:
        """All rows."""
        return self.positives + self.negatives

    @property
    def positives(self) -> int:
        """Rows whose truth is positive."""
        return self.true_positives + self.false_negatives

    @property
    def negatives(self) -> int:
        """Rows whose truth is negative."""
        return self.true_negatives + self.false_positives

    @property
    def sensitivity(self) -> Proportion | UndefinedMetric:
        """Share of the positives that were called positive (recall)."""
        return self._share(self.true_positives, self.positives, "there are no positives")

    @property
    def specificity(self) -> Proportion | UndefinedMetric:
        """Share of the negatives that were called negative."""
        return self._share(self.true_negatives, self.negatives, "there are no negatives")

    @property
    def positive_predictive_value(self) -> Proportion | UndefinedMetric:
        """Share of positive calls that are right (precision); it holds at this prevalence only."""
        called = self.true_positives + self.false_positives
        return self._share(self.true_positives, called, "nothing was called positive")

    @property
    def negative_predictive_value(self) -> Proportion | UndefinedMetric:
        """Share of negative calls that are right; it holds at this prevalence only."""
        called = self.true_negatives + self.false_negatives
        return self._share(self.true_negatives, called, "nothing was called negative")

    @property
    def accuracy(self) -> Proportion | UndefinedMetric:
        """Share of right calls; it holds at this prevalence only."""
        return self._share(self.true_positives + self.true_negatives, self.n, "there are no rows with a known truth")

    @property
    def balanced_accuracy(self) -> float | UndefinedMetric:
        """The mean of sensitivity and specificity, in [0, 1]; for an interval use the bootstrap."""
        sensitivity, specificity = self.sensitivity, self.specificity
        if isinstance(sensitivity, UndefinedMetric):
            return sensitivity
        if isinstance(specificity, UndefinedMetric):
            return specificity
        return (sensitivity.value + specificity.value) / 2

    @property
    def f1(self) -> float | UndefinedMetric:
        """The harmonic mean of precision and recall, `2 TP / (2 TP + FP + FN)`; for an interval use the bootstrap."""
        denominator = 2 * self.true_positives + self.false_positives + self.false_negatives
        if denominator == 0:
            return UndefinedMetric("there are no positives, neither true nor called", self.n, self.positives)
        return 2 * self.true_positives / denominator

    def _share(self, successes: int, of: int, reason: str) -> Proportion | UndefinedMetric:
        return wilson(successes, n=of) if of else UndefinedMetric(reason, self.n, self.positives)


def confusion(truth: npt.ArrayLike, *, scores: npt.ArrayLike, threshold: float) -> Confusion:
    """Count decisions `score >= threshold` against `truth` (n,), which is 0, 1 or missing (left out).

    Raises `DataError` for malformed input or a threshold that is NaN.
    """
    if np.isnan(threshold):
        raise DataError("expected a threshold, came NaN")
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

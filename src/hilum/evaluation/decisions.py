"""Operating points from validation predictions, and what they reach on the judged ones.

Nothing here fits on what it judges: a threshold comes from `ValidationPredictions`, which cannot be made of a test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hilum.errors import UsageError
from hilum.evaluation.patient_bootstrap import Drawn, PatientRows, PatientStatistic, estimate
from hilum.evaluation.validation import ValidationPredictions, checked_validation
from hilum.statistics.estimate import Estimate
from hilum.statistics.operating_point import OperatingPoint, point_at_sensitivity, youden_point
from hilum.statistics.outcomes import FloatArray, UndefinedMetric, known_outcomes

MEASURES: tuple[str, ...] = ("sensitivity", "specificity", "ppv", "npv", "f1", "balanced_accuracy")
AT_PREVALENCE: tuple[str, ...] = ("ppv_at_prevalence", "npv_at_prevalence")


@dataclass(frozen=True, slots=True)
class Decisions:
    """What one operating point reaches; a measure without a value (a share of nothing) is None.

    `measures` holds `MEASURES`, and `AT_PREVALENCE` where a prevalence was stated. Intervals draw the judged patients;
    the threshold stays as it is. `prevalence` is the stated one, in (0, 1).
    """

    threshold: float
    rule: str
    measures: dict[str, Estimate | None]
    prevalence: float | None = None


def operating_points(
    validation: ValidationPredictions, *, labels: Sequence[str], sensitivity: float | None
) -> dict[str, OperatingPoint | UndefinedMetric]:
    """One operating point a label: Youden's, or the highest cut that reaches `sensitivity` on validation.

    Raises `UsageError` for anything but `ValidationPredictions` and `DataError` where a label is not in them.
    """
    points = {}
    for label in labels:
        there = checked_validation(validation).outcomes(label)
        points[label] = (
            youden_point(there.truth, scores=there.scores)
            if sensitivity is None
            else point_at_sensitivity(there.truth, scores=there.scores, sensitivity=sensitivity)
        )
    return points


@dataclass(frozen=True, slots=True, eq=False)
class DecisionTable:
    """Decisions of one label summed by patient: `counts` float64 (4, P) of TP, FP, TN, FN."""

    point: OperatingPoint
    counts: FloatArray
    prevalence: float | None

    @property
    def statistic(self) -> PatientStatistic:
        """The measures of a draw, one row each, in their order."""

        def values(drawn: Drawn) -> FloatArray:
            return _measures(self.counts @ drawn, prevalence=self.prevalence)

        return values

    def decisions(self, draws: FloatArray) -> Decisions:
        """The measures on all patients, with the intervals of `draws` (K, B)."""
        whole = _measures(self.counts.sum(axis=1, keepdims=True), prevalence=self.prevalence)[:, 0]
        names = MEASURES if self.prevalence is None else (*MEASURES, *AT_PREVALENCE)
        found = {
            name: None if np.isnan(value) else estimate(float(value), draws=row)
            for name, value, row in zip(names, whole, draws, strict=True)
        }
        return Decisions(self.point.threshold, self.point.rule, found, self.prevalence)


def decision_table(
    truth: FloatArray, *, scores: FloatArray, point: OperatingPoint, patients: PatientRows, prevalence: float | None
) -> DecisionTable:
    """Count `score >= threshold` against `truth` (n,), patient by patient; `prevalence` in (0, 1) is a stated one."""
    if prevalence is not None and not 0.0 < prevalence < 1.0:
        raise UsageError(f"expected a prevalence between 0 and 1, came {prevalence:g}")
    outcomes = known_outcomes(truth, scores=scores)
    called = outcomes.scores >= point.threshold
    patient = patients.index[outcomes.rows]
    kinds = (
        called & outcomes.truth,
        called & ~outcomes.truth,
        ~called & ~outcomes.truth,
        ~called & outcomes.truth,
    )
    counts = np.stack([np.bincount(patient[kind], minlength=patients.count) for kind in kinds]).astype(np.float64)
    return DecisionTable(point, counts, prevalence)


def _measures(table: FloatArray, *, prevalence: float | None) -> FloatArray:
    """`MEASURES` (and `AT_PREVALENCE`) of counts (4, B), one row each; NaN where a share is over nothing."""
    tp, fp, tn, fn = table
    sensitivity, specificity = _share(tp, tp + fn), _share(tn, tn + fp)
    rows = [
        sensitivity,
        specificity,
        _share(tp, tp + fp),
        _share(tn, tn + fn),
        _share(2 * tp, 2 * tp + fp + fn),
        (sensitivity + specificity) / 2,
    ]
    if prevalence is not None:  # Bayes
        hit, false_alarm = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
        miss, cleared = (1 - sensitivity) * prevalence, specificity * (1 - prevalence)
        rows += [_share(hit, hit + false_alarm), _share(cleared, cleared + miss)]
    return np.stack(rows)


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    shares: FloatArray = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return shares

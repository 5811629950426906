"""One label of one set of images: what is drawn for it, and its judgement from the draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hilum.evaluation.calibrators import Calibrator, SigmoidCalibrator
from hilum.evaluation.decisions import DecisionTable, decision_table
from hilum.evaluation.judged_calibration import JudgedCalibration, judged_calibration
from hilum.evaluation.judgement import CalibratedScores, LabelJudgement, Reliability
from hilum.evaluation.mean_statistic import mean_statistic
from hilum.evaluation.patient_bootstrap import PatientRows, PatientStatistic, estimate
from hilum.evaluation.prediction_set import Predictions
from hilum.evaluation.ranking_statistic import ranking_statistic
from hilum.statistics.auroc import auroc
from hilum.statistics.average_precision import average_precision
from hilum.statistics.brier import brier
from hilum.statistics.calibration_error import expected_calibration_error
from hilum.statistics.delong import DelongEstimate, delong
from hilum.statistics.operating_point import OperatingPoint
from hilum.statistics.outcomes import FloatArray, UndefinedMetric, known_outcomes
from hilum.statistics.reliability import BINS, equal_count_curve, equal_width_curve


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What was chosen and fitted on validation, by label, and what else is asked of the whole set.

    `points` and `calibrators` are empty where there is no validation; `prevalences` holds the stated ones. `curves`
    asks for reliability curves.
    """

    points: Mapping[str, OperatingPoint | UndefinedMetric]
    prevalences: Mapping[str, float]
    calibrators: Mapping[str, Calibrator | UndefinedMetric]
    method: str | None
    curves: bool


NOTHING_CHOSEN = Plan(points={}, prevalences={}, calibrators={}, method=None, curves=False)
"""How a subgroup is judged: no decisions, nothing calibrated, no curves."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelColumn:
    """One label's data, and the statistics of it that are drawn; made by `label_column`."""

    label: str
    truth: FloatArray
    scores: FloatArray
    patients: PatientRows
    patient: tuple[str, ...]
    cross_validated: bool
    ranking: PatientStatistic | None
    errors: PatientStatistic | None
    table: DecisionTable | None
    no_table: str | None
    calibrator: Calibrator | UndefinedMetric | None
    plan: Plan

    @property
    def statistics(self) -> list[PatientStatistic]:
        """What is drawn, in the order in which `judgement` takes the draws."""
        table = None if self.table is None else self.table.statistic
        return [one for one in (self.ranking, self.errors, table, self._calibrated_errors) if one is not None]

    @property
    def calibrated(self) -> FloatArray | None:
        """The scores (n,) after calibration; None where there is no calibrator."""
        if self.calibrator is None or isinstance(self.calibrator, UndefinedMetric):
            return None
        return self.calibrator(self.scores)

    @property
    def _calibrated_errors(self) -> PatientStatistic | None:
        calibrated = self.calibrated
        return None if calibrated is None else _squared_errors(self.truth, calibrated, self.patients)

    def judgement(self, draws: Sequence[FloatArray]) -> LabelJudgement:
        """Everything about this label, with the intervals of `draws`, one (K, B) a statistic."""
        outcomes = known_outcomes(self.truth, scores=self.scores)
        undefined = outcomes.lacks_an_outcome()
        left = list(draws)
        ranking = left.pop(0) if self.ranking is not None else None
        errors = left.pop(0) if self.errors is not None else None
        decisions = self.table.decisions(left.pop(0)) if self.table is not None else None
        area = _defined(auroc(self.truth, scores=self.scores))
        precision = _defined(average_precision(self.truth, scores=self.scores))
        score = _defined(brier(self.truth, probabilities=self.scores))
        return LabelJudgement(
            label=self.label,
            n=outcomes.n,
            positives=outcomes.positives,
            undefined=None if undefined is None else undefined.reason,
            auroc=None if area is None or ranking is None else estimate(area, draws=ranking[0]),
            average_precision=None if precision is None or ranking is None else estimate(precision, draws=ranking[1]),
            brier=score,
            ece=_defined(expected_calibration_error(self.truth, probabilities=self.scores, bins=BINS)),
            decisions=decisions,
            decisions_undefined=self.no_table,
            delong_interval=self._delong_interval(),
            brier_interval=None if score is None or errors is None else estimate(score, draws=errors[0]).interval,
            reliability=_reliability(self.truth, self.scores) if self.plan.curves else None,
            calibrated=self._calibrated_scores(left[0] if left else None),
            calibration=self._calibration(self.scores),
        )

    def _calibration(self, probabilities: FloatArray) -> JudgedCalibration:
        return judged_calibration(
            self.truth, probabilities=probabilities, patients=self.patient, with_curve=self.plan.curves
        )

    def _delong_interval(self) -> tuple[float, float] | None:
        found = None if self.cross_validated else delong(self.truth, scores=self.scores)
        return (found.low, found.high) if isinstance(found, DelongEstimate) else None

    def _calibrated_scores(self, errors: FloatArray | None) -> CalibratedScores | None:
        method, calibrated = self.plan.method, self.calibrated
        if method is None:
            return None
        if calibrated is None:
            reason = (
                self.calibrator.reason if isinstance(self.calibrator, UndefinedMetric) else "there is no such label"
            )
            return CalibratedScores(method, undefined=f"in the validation file {reason}")
        score = _defined(brier(self.truth, probabilities=calibrated))
        sigmoid = self.calibrator if isinstance(self.calibrator, SigmoidCalibrator) else None
        return CalibratedScores(
            method,
            brier=None if score is None or errors is None else estimate(score, draws=errors[0]),
            ece=_defined(expected_calibration_error(self.truth, probabilities=calibrated, bins=BINS)),
            reliability=_reliability(self.truth, calibrated),
            slope=None if sigmoid is None else sigmoid.slope,
            intercept=None if sigmoid is None else sigmoid.intercept,
            calibration=self._calibration(calibrated),
        )


def label_column(p: Predictions, label: str, *, patients: PatientRows, plan: Plan) -> LabelColumn:
    """Prepare one label of `p` for the draws."""
    truth, scores = p.truth[:, p.labels.index(label)], p.scores[:, p.labels.index(label)]
    outcomes = known_outcomes(truth, scores=scores)
    point, table, no_table = plan.points.get(label), None, None
    if isinstance(point, UndefinedMetric):
        no_table = f"in the validation file {point.reason}"
    elif point is not None:
        prevalence = plan.prevalences.get(label)
        table = decision_table(truth, scores=scores, point=point, patients=patients, prevalence=prevalence)
    ranked = outcomes.lacks_an_outcome() is None
    return LabelColumn(
        label=label,
        truth=truth,
        scores=scores,
        patients=patients,
        patient=p.patient,
        cross_validated=p.cross_validated,
        ranking=ranking_statistic(truth, scores=scores, patients=patients) if ranked else None,
        errors=_squared_errors(truth, scores, patients),
        table=table,
        no_table=no_table,
        calibrator=plan.calibrators.get(label),
        plan=plan,
    )


def _squared_errors(truth: FloatArray, scores: FloatArray, patients: PatientRows) -> PatientStatistic | None:
    outcomes = known_outcomes(truth, scores=scores)
    if not outcomes.n:
        return None
    return mean_statistic((outcomes.scores - outcomes.truth) ** 2, rows=outcomes.rows, patients=patients)


def _reliability(truth: FloatArray, probabilities: FloatArray) -> Reliability:
    return Reliability(
        equal_width_curve(truth, probabilities=probabilities), equal_count_curve(truth, probabilities=probabilities)
    )


def _defined(value: float | UndefinedMetric) -> float | None:
    return None if isinstance(value, UndefinedMetric) else value

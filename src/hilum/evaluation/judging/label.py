"""One label of one set of images: what is drawn and left out for it, and its judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hilum.evaluation.judging.calibrators import Calibrator, SigmoidCalibrator
from hilum.evaluation.judging.decisions import Decisions, decide
from hilum.evaluation.judging.judged_calibration import JudgedCalibration, judged_calibration
from hilum.evaluation.judging.judgement import CalibratedScores, LabelJudgement, Reliability
from hilum.evaluation.predictions.patient_bootstrap import PatientRows, PatientStatistic, estimate, mean_statistic
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.predictions.ranking_statistic import ranking_statistic
from hilum.statistics.auroc_interval import PatientAuroc, patient_auroc
from hilum.statistics.average_precision import average_precision, precision_estimate
from hilum.statistics.delong import delong
from hilum.statistics.estimate import Estimate
from hilum.statistics.net_benefit import DecisionCurve, decision_curve
from hilum.statistics.operating_point import OperatingPoint
from hilum.statistics.outcomes import FloatArray, UndefinedMetric, defined, known_outcomes
from hilum.statistics.probability_error import brier, expected_calibration_error
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


ERRORS, CALIBRATED_ERRORS = "squared errors", "squared errors after calibration"


@dataclass(frozen=True, slots=True, eq=False)
class DrawnStatistic:
    """One statistic of one row: `draws` (B,) of it, and values (G,) with patients `left_out`."""

    draws: FloatArray
    left_out: FloatArray

    def estimate(self, value: float) -> Estimate:
        """`value` with its interval."""
        return estimate(value, draws=self.draws, jackknife=self.left_out)


@dataclass(frozen=True, slots=True, eq=False)
class LabelColumn:
    """One label's data, and the statistics of it that are drawn; made by `label_column`."""

    label: str
    truth: FloatArray
    scores: FloatArray
    patients: PatientRows
    cross_validated: bool
    area: PatientAuroc | None
    ranking: PatientStatistic | None
    errors: PatientStatistic | None
    decisions: Decisions | None
    undecided: str | None
    calibrator: Calibrator | UndefinedMetric | None
    plan: Plan

    @property
    def statistics(self) -> dict[str, PatientStatistic]:
        """What is drawn, by name: the squared errors, as far as there are."""
        named = {ERRORS: self.errors, CALIBRATED_ERRORS: self._calibrated_errors}
        return {name: one for name, one in named.items() if one is not None}

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

    def judgement(self, *, ranking: FloatArray | None, drawn: Mapping[str, DrawnStatistic]) -> LabelJudgement:
        """Everything about this label.

        `ranking` (2, G) is that statistic with patients left out, None where an outcome is lacking. `drawn` holds the
        `statistics` by their names.
        """
        outcomes = known_outcomes(self.truth, scores=self.scores)
        undefined = outcomes.lacks_an_outcome()
        errors = drawn.get(ERRORS)
        score = defined(brier(self.truth, probabilities=self.scores))
        return LabelJudgement(
            label=self.label,
            n=outcomes.n,
            positives=outcomes.positives,
            undefined=None if undefined is None else undefined.reason,
            auroc=None if self.area is None else self.area.estimate,
            average_precision=self._average_precision(ranking),
            brier=_brier(score, errors),
            ece=defined(expected_calibration_error(self.truth, probabilities=self.scores, bins=BINS)),
            decisions=self.decisions,
            decisions_undefined=self.undecided,
            delong=self._delong(),
            reliability=_reliability(self.truth, self.scores) if self.plan.curves else None,
            calibrated=self._calibrated_scores(drawn.get(CALIBRATED_ERRORS)),
            calibration=self._calibration(self.scores),
            decision_curve=self._decision_curve() if self.plan.curves else None,
        )

    def _decision_curve(self) -> DecisionCurve | None:
        return defined(decision_curve(self.truth, probabilities=self.scores, patients=self.patients.index))

    def _calibration(self, probabilities: FloatArray) -> JudgedCalibration:
        return judged_calibration(
            self.truth, probabilities=probabilities, patients=self.patients.index, with_curve=self.plan.curves
        )

    def _average_precision(self, ranking: FloatArray | None) -> Estimate | None:
        precision = defined(average_precision(self.truth, scores=self.scores))
        if precision is None or ranking is None or self.area is None:
            return None
        return precision_estimate(precision, jackknife=ranking[1], ill=self.area.ill, well=self.area.well)

    def _delong(self) -> Estimate | None:
        if self.area is None or self.cross_validated or self.area.patients < self.area.n:
            return None
        found = defined(delong(self.truth, scores=self.scores))
        return None if found is None else replace(found, value=self.area.value)  # the same AUROC, to the last digit

    def _calibrated_scores(self, errors: DrawnStatistic | None) -> CalibratedScores | None:
        method, calibrated = self.plan.method, self.calibrated
        if method is None:
            return None
        if calibrated is None:
            reason = (
                self.calibrator.reason if isinstance(self.calibrator, UndefinedMetric) else "there is no such label"
            )
            return CalibratedScores(method, undefined=f"in the validation file: {reason}")
        score = defined(brier(self.truth, probabilities=calibrated))
        sigmoid = self.calibrator if isinstance(self.calibrator, SigmoidCalibrator) else None
        return CalibratedScores(
            method,
            brier=_brier(score, errors),
            ece=defined(expected_calibration_error(self.truth, probabilities=calibrated, bins=BINS)),
            reliability=_reliability(self.truth, calibrated),
            slope=None if sigmoid is None else sigmoid.slope,
            intercept=None if sigmoid is None else sigmoid.intercept,
            calibration=self._calibration(calibrated),
        )


def label_column(p: Predictions, label: str, *, patients: PatientRows, plan: Plan) -> LabelColumn:
    """Prepare one label of `p` for the draws."""
    truth, scores = p.truth[:, p.labels.index(label)], p.scores[:, p.labels.index(label)]
    outcomes = known_outcomes(truth, scores=scores)
    point, decisions, undecided = plan.points.get(label), None, None
    if isinstance(point, UndefinedMetric):
        undecided = f"in the validation file: {point.reason}"
    elif point is not None:
        prevalence = plan.prevalences.get(label)
        decisions = decide(truth, scores=scores, point=point, patients=patients, prevalence=prevalence)
    area = patient_auroc(truth, scores=scores, patients=patients.index, count=patients.count)
    ranked = outcomes.lacks_an_outcome() is None
    return LabelColumn(
        label=label,
        truth=truth,
        scores=scores,
        patients=patients,
        cross_validated=p.cross_validated,
        area=defined(area),
        ranking=ranking_statistic(truth, scores=scores, patients=patients) if ranked else None,
        errors=_squared_errors(truth, scores, patients),
        decisions=decisions,
        undecided=undecided,
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


def _brier(score: float | None, errors: DrawnStatistic | None) -> Estimate | None:
    return None if score is None or errors is None else errors.estimate(score)

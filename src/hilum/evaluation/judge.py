"""Judge anybody's predictions: each label with intervals by patient, the mean, decisions and subgroups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hilum.errors import DataError, UsageError
from hilum.evaluation.decisions import DecisionTable, decision_table, operating_points
from hilum.evaluation.judgement import GroupJudgement, Judgement, LabelJudgement, ValidationPrevalence
from hilum.evaluation.patient_bootstrap import (
    REPLICATES,
    SEED,
    Estimate,
    PatientRows,
    PatientStatistic,
    estimate,
    patient_bootstrap,
    patient_rows,
)
from hilum.evaluation.prediction_set import Predictions
from hilum.evaluation.ranking_statistic import ranking_statistic
from hilum.evaluation.subgroups import subgroups
from hilum.statistics.auroc import auroc
from hilum.statistics.average_precision import average_precision
from hilum.statistics.brier import brier
from hilum.statistics.calibration_error import expected_calibration_error
from hilum.statistics.operating_point import OperatingPoint
from hilum.statistics.outcomes import FloatArray, UndefinedMetric, known_outcomes

ECE_BINS = 10
Points = Mapping[str, OperatingPoint | UndefinedMetric]


def judge(
    predictions: Predictions,
    *,
    validation: Predictions | None = None,
    sensitivity: float | None = None,
    prevalence: float | None = None,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> Judgement:
    """Judge `predictions`; with `validation`, decide at operating points that were chosen there alone.

    `sensitivity` in (0, 1] replaces Youden's rule, `prevalence` in (0, 1) adds predictive values at that prevalence;
    both need `validation`. Raises `UsageError` where they come without it, and `DataError` where no label has both
    outcomes or the two files share a patient.
    """
    if validation is None and (sensitivity is not None or prevalence is not None):
        raise UsageError("expected a validation file with a set sensitivity or prevalence, came none")
    points = {} if validation is None else operating_points(validation, judged=predictions, sensitivity=sensitivity)
    whole = _judge_group(predictions, points=points, prevalence=prevalence, replicates=replicates, seed=seed)
    if all(label.auroc is None for label in whole.labels):
        raise DataError("expected at least one label with positives and negatives, came none")
    if validation is not None:
        whole = _with_shift(whole, validation=validation)
    parts = {
        column: {
            name: _judge_group(predictions.take(rows), points={}, prevalence=None, replicates=replicates, seed=seed)
            for name, rows in groups.items()
        }
        for column, groups in subgroups(predictions).items()
    }
    return Judgement(
        whole=whole,
        subgroups=parts,
        protocol=predictions.protocol,
        split_sha256=predictions.split_sha256,
        replicates=replicates,
        seed=seed,
        prevalence=prevalence,
        validation_protocol=None if validation is None else validation.protocol,
        validation_split_sha256=None if validation is None else validation.split_sha256,
    )


def _judge_group(
    p: Predictions, *, points: Points, prevalence: float | None, replicates: int, seed: int
) -> GroupJudgement:
    patients = patient_rows(p.patient)
    columns = [_Column.of(p, label, patients=patients, points=points, prevalence=prevalence) for label in p.labels]
    statistics = [statistic for column in columns for statistic in column.statistics]
    draws = patient_bootstrap(statistics, patients=patients, replicates=replicates, seed=seed)
    judged, rankings = [], {}
    for column in columns:
        own, draws = draws[: len(column.statistics)], draws[len(column.statistics) :]
        judged.append(column.judgement(own))
        if column.ranking is not None:
            rankings[column.label] = own[0][0]
    return GroupJudgement(
        n=p.n,
        patients=patients.count,
        labels=tuple(judged),
        mean_auroc=_mean(judged, draws={name: rankings[name] for name in p.in_mean if name in rankings}),
        in_mean=p.in_mean,
        left_out=tuple(name for name in p.in_mean if name not in rankings),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """One label's data, and the statistics of it that are drawn."""

    label: str
    truth: FloatArray
    scores: FloatArray
    ranking: PatientStatistic | None
    table: DecisionTable | None
    no_table: str | None

    @staticmethod
    def of(p: Predictions, label: str, *, patients: PatientRows, points: Points, prevalence: float | None) -> _Column:
        truth, scores = p.truth[:, p.labels.index(label)], p.scores[:, p.labels.index(label)]
        defined = known_outcomes(truth, scores=scores).lacks_an_outcome() is None
        point, table, no_table = points.get(label), None, None
        if isinstance(point, UndefinedMetric):
            no_table = f"in the validation file {point.reason}"
        elif point is not None:
            table = decision_table(truth, scores=scores, point=point, patients=patients, prevalence=prevalence)
        ranking = ranking_statistic(truth, scores=scores, patients=patients) if defined else None
        return _Column(label, truth, scores, ranking, table, no_table)

    @property
    def statistics(self) -> list[PatientStatistic]:
        drawn = [] if self.ranking is None else [self.ranking]
        return drawn if self.table is None else [*drawn, self.table.statistic]

    def judgement(self, draws: Sequence[FloatArray]) -> LabelJudgement:
        outcomes = known_outcomes(self.truth, scores=self.scores)
        undefined = outcomes.lacks_an_outcome()
        area = _defined(auroc(self.truth, scores=self.scores))
        precision = _defined(average_precision(self.truth, scores=self.scores))
        return LabelJudgement(
            label=self.label,
            n=outcomes.n,
            positives=outcomes.positives,
            undefined=None if undefined is None else undefined.reason,
            auroc=None if area is None else estimate(area, draws=draws[0][0]),
            average_precision=None if precision is None else estimate(precision, draws=draws[0][1]),
            brier=_defined(brier(self.truth, probabilities=self.scores)),
            ece=_defined(expected_calibration_error(self.truth, probabilities=self.scores, bins=ECE_BINS)),
            decisions=None if self.table is None else self.table.decisions(draws[-1]),
            decisions_undefined=self.no_table,
        )


def _defined(value: float | UndefinedMetric) -> float | None:
    return None if isinstance(value, UndefinedMetric) else value


def _mean(labels: Sequence[LabelJudgement], *, draws: Mapping[str, FloatArray]) -> Estimate | None:
    """The mean AUROC over the labels that have draws; a replicate in which one of them has no value has no mean."""
    areas = [label.auroc.value for label in labels if label.label in draws and label.auroc is not None]
    if not areas:
        return None
    return estimate(float(np.mean(areas)), draws=np.mean(list(draws.values()), axis=0))


def _with_shift(group: GroupJudgement, *, validation: Predictions) -> GroupJudgement:
    labels = []
    for one in group.labels:
        column = validation.labels.index(one.label)
        there = known_outcomes(validation.truth[:, column], scores=validation.scores[:, column])
        shift = one.positives / one.n - there.positives / there.n if one.n and there.n else None
        labels.append(replace(one, validation=ValidationPrevalence(there.n, there.positives, shift)))
    return replace(group, labels=tuple(labels))

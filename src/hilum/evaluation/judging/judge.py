"""Judge anybody's predictions: each label with intervals by patient, the mean, decisions and subgroups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hilum.errors import DataError, UsageError
from hilum.evaluation.judging.calibrators import fit_calibrators
from hilum.evaluation.judging.decisions import operating_points
from hilum.evaluation.judging.judgement import GroupJudgement, Judgement
from hilum.evaluation.judging.label import NOTHING_CHOSEN, DrawnStatistic, Plan, label_column
from hilum.evaluation.judging.prevalence_shift import prevalence_shifts
from hilum.evaluation.judging.subgroup_tests import subgroup_tests
from hilum.evaluation.predictions.overlap import overlap_of
from hilum.evaluation.predictions.patient_bootstrap import (
    REPLICATES,
    SEED,
    PatientRows,
    PatientStatistic,
    patient_bootstrap,
    patient_jackknife,
    patient_rows,
)
from hilum.evaluation.predictions.predictions import Predictions, canonical_labels
from hilum.evaluation.predictions.subgroups import subgroups
from hilum.evaluation.predictions.validation import ValidationPredictions, checked_validation
from hilum.statistics.auroc_interval import lacking_in_mean, mean_auroc
from hilum.statistics.outcomes import FloatArray
from hilum.statistics.reliability import BINS

ECE_BINS = BINS


def judge(
    predictions: Predictions,
    *,
    validation: ValidationPredictions | None = None,
    sensitivity: float | None = None,
    calibration: str | None = None,
    prevalence: float | None = None,
    prevalences: Mapping[str, float] | None = None,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> Judgement:
    """Judge `predictions`; with `validation`, decide at operating points that were chosen there alone.

    `sensitivity` in (0, 1] replaces Youden's rule. `calibration`, a name of `calibrators.METHODS`, is fitted on
    validation and shown beside the scores as they are. `prevalence` in (0, 1) adds predictive values at that
    prevalence to every label, `prevalences` to the labels it names. All need `validation`. Raises `UsageError` where
    they come without it or are out of range, and `DataError` where no label has both outcomes or the two sides share a
    patient or an image.
    """
    wishes = (sensitivity, calibration, prevalence, prevalences or None)
    if validation is None and any(wish is not None for wish in wishes):
        raise UsageError(
            "A set sensitivity, prevalence or calibration needs predictions of a validation part. Add --validation FILE"
        )
    plan = Plan(
        points={}, prevalences=_stated(predictions, prevalence, prevalences), calibrators={}, method=None, curves=True
    )
    if validation is not None:
        checked_validation(validation).check_apart_from(predictions)
        labels = predictions.labels
        plan = replace(
            plan,
            points=operating_points(validation, labels=labels, sensitivity=sensitivity),
            calibrators={} if calibration is None else fit_calibrators(validation, labels=labels, method=calibration),
            method=calibration,
        )
    whole = _judge_group(predictions, plan=plan, replicates=replicates, seed=seed)
    if all(label.auroc is None for label in whole.labels):
        raise DataError("No label has both positives and negatives, so nothing can be judged")
    if validation is not None:
        shifts = prevalence_shifts(predictions, validation=validation, replicates=replicates, seed=seed)
        whole = replace(whole, labels=tuple(replace(label, validation=shifts[label.label]) for label in whole.labels))
    parts = {
        column: {
            name: _judge_group(predictions.take(rows), plan=NOTHING_CHOSEN, replicates=replicates, seed=seed)
            for name, rows in groups.items()
        }
        for column, groups in subgroups(predictions).items()
    }
    chosen_on = None if validation is None else validation.predictions
    return Judgement(
        whole=whole,
        subgroups=parts,
        protocol=predictions.protocol,
        split_sha256=predictions.split_sha256,
        replicates=replicates,
        seed=seed,
        prevalence=prevalence,
        validation_protocol=None if chosen_on is None else chosen_on.protocol,
        validation_split_sha256=None if chosen_on is None else chosen_on.split_sha256,
        calibration=calibration,
        subgroup_tests=subgroup_tests(predictions, thresholds=thresholds_of(whole)),
        design=predictions.design,
        overlap=overlap_of(predictions.seen),
        patients_known=predictions.patients_known,
        smoke=predictions.smoke or (chosen_on is not None and chosen_on.smoke),
    )


def thresholds_of(group: GroupJudgement) -> dict[str, float]:
    """The operating point of each label that has one."""
    return {one.label: one.decisions.threshold for one in group.labels if one.decisions is not None}


def _stated(
    predictions: Predictions, prevalence: float | None, prevalences: Mapping[str, float] | None
) -> dict[str, float]:
    """The stated prevalence of each label that has one."""
    named = prevalences or {}
    own = dict(zip(canonical_labels(tuple(named)), named.values(), strict=True))
    unknown = [label for label in own if label not in predictions.labels]
    if unknown:
        raise UsageError(
            f"A prevalence is given for {', '.join(unknown)}, which the predictions do not have. Labels: "
            f"{', '.join(predictions.labels)}"
        )
    every = {} if prevalence is None else dict.fromkeys(predictions.labels, prevalence)
    return every | own


def _judge_group(p: Predictions, *, plan: Plan, replicates: int, seed: int) -> GroupJudgement:
    patients = patient_rows(p.patient)
    columns = [label_column(p, label, patients=patients, plan=plan) for label in p.labels]
    rankings = _left_out([one.ranking for one in columns], patients=patients)
    named = [(column.label, name, one) for column in columns for name, one in column.statistics.items()]
    statistics = [one for _, _, one in named]
    draws = patient_bootstrap(statistics, patients=patients, replicates=replicates, seed=seed)
    left_out = patient_jackknife(statistics, patients=patients)
    drawn: dict[str, dict[str, DrawnStatistic]] = {column.label: {} for column in columns}
    for (label, name, _), own, other in zip(named, draws, left_out, strict=True):
        drawn[label][name] = DrawnStatistic(own[0], other[0])
    judged = [
        column.judgement(ranking=ranking, drawn=drawn[column.label])
        for column, ranking in zip(columns, rankings, strict=True)
    ]
    areas = {column.label: column.area for column in columns if column.label in p.in_mean}
    lacking = lacking_in_mean(areas)
    used = [area for name, area in areas.items() if area is not None and name not in lacking]
    return GroupJudgement(
        n=p.n,
        patients=patients.count,
        labels=tuple(judged),
        mean_auroc=mean_auroc(used) if used else None,
        in_mean=p.in_mean,
        left_out=tuple(name for name in p.in_mean if name in lacking),
        left_out_why=lacking,
    )


def _left_out(rankings: Sequence[PatientStatistic | None], *, patients: PatientRows) -> list[FloatArray | None]:
    """The values of each statistic with patients left out in turn, None where there is no statistic."""
    found = iter(patient_jackknife([one for one in rankings if one is not None], patients=patients))
    return [None if one is None else next(found) for one in rankings]

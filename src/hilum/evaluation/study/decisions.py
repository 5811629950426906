"""What each arm of a study reaches at thresholds that its own folds chose on their validation part.

A fold's threshold for a label is Youden's on the validation predictions of the arm; it calls that fold's judged images
alone. A mean of arms has the mean of their validation predictions. A fold without a threshold, because too few patients
have an outcome there, leaves its images out for that label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hilum.evaluation.comparing.many_predictions import Pair
from hilum.evaluation.judging.decisions import decide, operating_points
from hilum.evaluation.predictions.estimate_text import estimate_json
from hilum.evaluation.predictions.patient_bootstrap import (
    Drawn,
    PatientRows,
    PatientStatistic,
    estimate,
    patient_bootstrap,
    patient_rows,
)
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.folder import fold_folder
from hilum.evaluation.study.section import SectionContent
from hilum.evaluation.study.study import Study
from hilum.statistics.estimate import Estimate
from hilum.statistics.operating_point import OperatingPoint, stated_point
from hilum.statistics.outcomes import FloatArray

VALIDATION = f"validation{CLASSIFIER.suffix}"
"""What a training leaves beside its weights: its predictions of the part that calibrations are fitted on."""

MEASURES = ("sensitivity", "specificity", "f1")
_TITLES = {"sensitivity": "sensitivity", "specificity": "specificity", "f1": "F1"}
_RULE = "Youden's index on the validation part of each fold"


@dataclass(frozen=True, slots=True)
class ArmDecisions:
    """One arm: each measure by label, None where it has no value, and its mean over the labels `in_mean`."""

    labels: Mapping[str, Mapping[str, Estimate | None]]
    mean: Mapping[str, Estimate]
    in_mean: tuple[str, ...]


def decisions_section(content: StudyContent, *, study: Study, folder: Path) -> SectionContent:
    """Sensitivity, specificity and F1 of every arm; empty where a fold of `folder` kept no validation predictions."""
    found = arm_decisions(study, content=content, folder=folder)
    if not found:
        return SectionContent(key="decisions", title="Decisions")
    means: list[tuple[Cell, ...]] = [
        (study.titles[arm], len(one.in_mean), *(one.mean.get(measure) for measure in MEASURES))
        for arm, one in found.items()
    ]
    columns = tuple(_TITLES[measure] for measure in MEASURES)
    tables = [
        ReportTable(
            key="decisions",
            title="Means over classes at each fold's own thresholds",
            columns=("arm", "classes", *columns),
            rows=tuple(means),
            note=f"Thresholds: {_RULE}; none was chosen on a judged image. Intervals: bootstrap by patient, with the "
            "thresholds as they are.",
        )
    ]
    for arm, one in found.items():
        rows: list[tuple[Cell, ...]] = [
            (label, *(each[measure] for measure in MEASURES)) for label, each in one.labels.items()
        ]
        tables.append(
            ReportTable(
                key=f"decisions_{arm}",
                title=f"{study.titles[arm]}: decisions by class",
                columns=("class", *columns),
                rows=tuple(rows),
                folded=True,
            )
        )
    return SectionContent(
        key="decisions",
        title="Decisions",
        tables=tuple(tables),
        numbers={
            arm: {
                "mean": {measure: estimate_json("value", each) for measure, each in one.mean.items()},
                "labels": {
                    label: {measure: estimate_json("value", value) for measure, value in each.items()}
                    for label, each in one.labels.items()
                },
            }
            for arm, one in found.items()
        },
    )


def arm_decisions(study: Study, *, content: StudyContent, folder: Path) -> dict[str, ArmDecisions]:
    """By arm; empty where a fold's validation predictions are not there."""
    kept = _all_called(study, content=content, folder=folder)
    patients = patient_rows(content.predictions.first.patient)
    return {
        arm: _decided(one, content=content, patients=patients, labels=content.aurocs.in_mean)
        for arm, one in kept.items()
    }


def mean_differences(
    study: Study, *, pairs: Sequence[Pair], measure: str, content: StudyContent, folder: Path
) -> dict[Pair, Estimate | None]:
    """By pair of arms, the first's mean of one of `MEASURES` less the second's, over the classes that both decide.

    Intervals are percentiles of the difference on the same draws of patients. None where a pair decides no class; empty
    where a fold's validation predictions are not there.
    """
    kept = _all_called(study, content=content, folder=folder)
    patients, place = patient_rows(content.predictions.first.patient), MEASURES.index(measure)
    found: dict[Pair, Estimate | None] = {}
    for pair in pairs if kept else ():
        both = tuple(kept[arm] for arm in pair)
        labels = tuple(label for label in content.aurocs.in_mean if all(_decides(one, label) for one in both))
        found[pair] = None
        if labels:
            statistics = [_mean_statistic(one, labels=labels, patients=patients) for one in both]
            draws = patient_bootstrap(statistics, patients=patients, replicates=content.replicates, seed=content.seed)
            whole = [one(np.ones((patients.count, 1), np.int32))[place, 0] for one in statistics]
            apart = draws[0][place] - draws[1][place]
            found[pair] = estimate(float(whole[0] - whole[1]), draws=apart)
    return found


def _all_called(study: Study, *, content: StudyContent, folder: Path) -> dict[str, Predictions]:
    """The calls of every arm, as `_called` gives them; empty where one has none."""
    called = {arm: _called(study, arm=arm, content=content, folder=folder) for arm in study.titles}
    kept = {arm: one for arm, one in called.items() if one is not None}
    return kept if len(kept) == len(called) else {}


def _decides(called: Predictions, label: str) -> bool:
    """Whether images of both outcomes are called."""
    truth = called.truth[:, called.labels.index(label)]
    return bool((truth == 1.0).any() and (truth == 0.0).any())


def _called(study: Study, *, arm: str, content: StudyContent, folder: Path) -> Predictions | None:
    """The arm's predictions with 1 for a positive call, 0 for a negative one and no truth where there is none."""
    judged = content.predictions.of(arm)
    of = next((mean.of for mean in study.means if mean.arm.name == arm), (arm,))
    calls, truth = np.zeros_like(judged.scores), judged.truth.copy()
    for fold in dict.fromkeys(judged.split):
        paths = [fold_folder(fold, folder=folder) / name / VALIDATION for name in of]
        if not all(path.is_file() for path in paths):
            return None
        parts = [CLASSIFIER.load(path) for path in paths]
        validation = ValidationPredictions(replace(parts[0], scores=np.mean([one.scores for one in parts], axis=0)))
        rows = np.flatnonzero(np.asarray(judged.split) == fold)
        points = operating_points(validation, labels=judged.labels, sensitivity=None)
        for column, label in enumerate(judged.labels):
            point = points[label]
            if isinstance(point, OperatingPoint):
                calls[rows, column] = judged.scores[rows, column] >= point.threshold
            else:
                truth[rows, column] = np.nan
    return replace(judged, scores=calls, truth=truth)


def _decided(
    called: Predictions, *, content: StudyContent, patients: PatientRows, labels: tuple[str, ...]
) -> ArmDecisions:
    half = stated_point(0.5, rule=_RULE)
    found: dict[str, Mapping[str, Estimate | None]] = {}
    for label in labels:
        column = called.labels.index(label)
        truth, scores = called.truth[:, column], called.scores[:, column]
        measures = decide(truth, scores=scores, point=half, patients=patients, prevalence=None).measures
        found[label] = {measure: measures[measure] for measure in MEASURES}
    in_mean = tuple(label for label in labels if all(found[label][measure] is not None for measure in MEASURES))
    if not in_mean:
        return ArmDecisions(found, {}, ())
    statistic = _mean_statistic(called, labels=in_mean, patients=patients)
    (draws,) = patient_bootstrap([statistic], patients=patients, replicates=content.replicates, seed=content.seed)
    values = statistic(np.ones((patients.count, 1), np.int32))[:, 0]
    mean = {
        measure: estimate(float(value), draws=drawn)
        for measure, value, drawn in zip(MEASURES, values, draws, strict=True)
    }
    return ArmDecisions(found, mean, in_mean)


def _mean_statistic(called: Predictions, *, labels: tuple[str, ...], patients: PatientRows) -> PatientStatistic:
    """The means (3, B) of sensitivity, specificity and F1 over `labels`; NaN where one of them has no value."""
    columns = [called.labels.index(label) for label in labels]
    counts = np.stack([_counts(called, column=column, patients=patients) for column in columns])

    def statistic(drawn: Drawn) -> FloatArray:
        # einsum, not BLAS: its sums do not depend on the number of threads
        tp, fp, tn, fn = np.einsum("lkp,pb->klb", counts, drawn)
        with np.errstate(invalid="ignore"):
            values = (tp / (tp + fn), tn / (tn + fp), 2 * tp / (2 * tp + fp + fn))
        return np.stack([value.mean(axis=0) for value in values])

    return statistic


def _counts(called: Predictions, *, column: int, patients: PatientRows) -> FloatArray:
    """float64 (4, P): each patient's images by kind (true and false positives, true and false negatives)."""
    truth, positive = called.truth[:, column], called.scores[:, column] == 1.0
    kinds = (
        positive & (truth == 1.0), positive & (truth == 0.0), ~positive & (truth == 0.0), ~positive & (truth == 1.0),
    )  # fmt: skip
    return np.stack([np.bincount(patients.index[kind], minlength=patients.count) for kind in kinds]).astype(np.float64)

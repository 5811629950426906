"""How one label did on one set of images: discrimination, decisions, and the simple baseline beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.evaluation.judging.decisions import decision_table
from hilum.evaluation.predictions.patient_bootstrap import PatientRows, patient_rows
from hilum.statistics.auroc_interval import patient_auroc
from hilum.statistics.average_precision import average_precision
from hilum.statistics.estimate import Estimate
from hilum.statistics.operating_point import OperatingPoint
from hilum.statistics.outcomes import FloatArray, UndefinedMetric


@dataclass(frozen=True, slots=True)
class LabelTable:
    """One label's row of a results table; shares are in [0, 1]."""

    n: int
    positives: int
    patients: int
    auroc: Estimate
    average_precision: float
    sensitivity: Estimate
    specificity: Estimate
    balanced_accuracy: Estimate
    baseline_auroc: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class LabelScores:
    """What is judged, row by row: `truth` 0 or 1, calibrated `probability`, `patient`, and the `baseline`'s score.

    Higher means more likely positive in `probability` and in `baseline`. Every truth must be known.
    """

    truth: npt.NDArray[np.float64]
    probability: npt.NDArray[np.float64]
    patient: Sequence[str]
    baseline: npt.NDArray[np.float64]


def label_table(scores: LabelScores, *, operating_point: float) -> LabelTable:
    """Judge one label at `operating_point` (positive is probability >= operating_point).

    Raises `DataError` where positives or negatives are missing: such a set has no such table.
    """
    precision = average_precision(scores.truth, scores=scores.probability)
    if isinstance(precision, UndefinedMetric):
        raise DataError(f"expected positives and negatives to judge, {precision.reason} among {precision.n} images")
    patients = patient_rows(scores.patient)
    point = OperatingPoint(operating_point, math.nan, math.nan, n=0, positives=0, rule="as it is given")
    measures = decision_table(
        scores.truth, scores=scores.probability, point=point, patients=patients, prevalence=None
    ).decisions.measures
    return LabelTable(
        n=int(scores.truth.size),
        positives=int(scores.truth.sum()),
        patients=patients.count,
        auroc=_auroc(scores.truth, scores.probability, patients),
        average_precision=precision,
        sensitivity=_known(measures["sensitivity"]),
        specificity=_known(measures["specificity"]),
        balanced_accuracy=_known(measures["balanced_accuracy"]),
        baseline_auroc=_auroc(scores.truth, scores.baseline, patients),
    )


def _auroc(truth: FloatArray, scores: FloatArray, patients: PatientRows) -> Estimate:
    found = patient_auroc(truth, scores=scores, patients=patients.index, count=patients.count)
    return _known(None if isinstance(found, UndefinedMetric) else found.estimate)


def _known(estimate: Estimate | None) -> Estimate:
    if estimate is None:
        raise DataError("expected positives and negatives to judge, came one outcome only")
    return estimate

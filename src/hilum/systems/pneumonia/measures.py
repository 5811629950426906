"""What a network of the pneumonia study reaches, at the paper's decision and as probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hilum.evaluation.judging.decisions import decide
from hilum.evaluation.predictions.patient_bootstrap import patient_rows
from hilum.evaluation.predictions.predictions import Predictions
from hilum.statistics.clustered_share import share_of_rows
from hilum.statistics.confusion import Confusion, confusion
from hilum.statistics.estimate import Estimate
from hilum.statistics.operating_point import stated_point
from hilum.statistics.outcomes import FloatArray, UndefinedMetric, defined
from hilum.statistics.paired_shares import PairedShares, paired_shares
from hilum.statistics.recalibration import recalibration
from hilum.systems.pneumonia.errors import THRESHOLD

LARGER_OUTPUT = "probability at least 0.5"
"""The paper's rule: the larger of two outputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Of one network on judged images; shares are in [0, 1], `slope` and `in_the_large` those of its probabilities.

    None where there is no value, such as a share of nothing. Intervals are by patient.
    """

    n: int
    table: Confusion
    accuracy: Estimate | None
    balanced_accuracy: Estimate | None
    sensitivity: Estimate | None
    specificity: Estimate | None
    slope: Estimate | None
    in_the_large: Estimate | None


def measures(predictions: Predictions, *, threshold: float = THRESHOLD) -> Measures:
    """What uncalibrated `predictions` of one label reach, called positive at and above `threshold`."""
    truth, scores = predictions.truth[:, 0], predictions.scores[:, 0]
    decisions = decide(
        truth,
        scores=scores,
        point=stated_point(threshold, rule=LARGER_OUTPUT),
        patients=patient_rows(predictions.patient),
        prevalence=None,
    ).measures
    fit = recalibration(truth, probabilities=scores, patients=predictions.patient)
    return Measures(
        n=predictions.n,
        table=confusion(truth, scores=scores, threshold=threshold),
        accuracy=defined(share_of_rows(right(predictions, threshold=threshold), groups=predictions.patient)),
        balanced_accuracy=decisions["balanced_accuracy"],
        sensitivity=decisions["sensitivity"],
        specificity=decisions["specificity"],
        slope=defined(fit.slope),
        in_the_large=defined(fit.in_the_large),
    )


def right(predictions: Predictions, *, threshold: float = THRESHOLD) -> FloatArray:
    """Whether each image (n,) is called what it is: 1.0 or 0.0."""
    called = predictions.scores[:, 0] >= threshold
    return np.asarray(called == (predictions.truth[:, 0] == 1.0), np.float64)


def accuracy_difference(first: Predictions, *, second: Predictions) -> PairedShares | UndefinedMetric:
    """The accuracy of the first less that of the second, on the same images in the same order."""
    return paired_shares(
        right(first).astype(bool), second=right(second).astype(bool), patients=np.asarray(first.patient)
    )

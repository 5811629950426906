"""How one label did on one set of images: discrimination, decisions, and the simple baseline beside them.

Every interval is a percentile bootstrap that draws patients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.statistics.average_precision import average_precision
from hilum.statistics.bootstrap import Statistic, Weights, bootstrap_interval
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import FloatArray, UndefinedMetric
from hilum.statistics.weighted import auroc_statistic, share_statistic

REPLICATES = 10_000


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


def label_table(scores: LabelScores, *, operating_point: float, seed: int, replicates: int = REPLICATES) -> LabelTable:
    """Judge one label at `operating_point` (positive is probability >= operating_point).

    Raises `DataError` where positives or negatives are missing: such a set has no such table.
    """
    precision = average_precision(scores.truth, scores=scores.probability)
    if isinstance(precision, UndefinedMetric):
        raise DataError(f"expected positives and negatives to judge, {precision.reason} among {precision.n} images")
    truth = scores.truth == 1.0
    called = scores.probability >= operating_point
    sensitivity = share_statistic(called & truth, trials=truth)
    specificity = share_statistic(~called & ~truth, trials=~truth)

    def balanced(weights: Weights) -> FloatArray:
        return (sensitivity(weights) + specificity(weights)) / 2

    def estimate(statistic: Statistic) -> Estimate:
        whole = float(statistic(np.ones((1, truth.size), np.int32))[0])
        interval = bootstrap_interval(
            statistic, patients=list(scores.patient), rng=np.random.default_rng(seed), replicates=replicates
        )
        return Estimate(
            whole,
            (interval.low, interval.high),
            interval.undefined,
            method="percentile by patient",
            replicates=interval.replicates,
        )

    return LabelTable(
        n=int(truth.size),
        positives=int(truth.sum()),
        patients=len(set(scores.patient)),
        auroc=estimate(auroc_statistic(scores.truth, scores=scores.probability)),
        average_precision=precision,
        sensitivity=estimate(sensitivity),
        specificity=estimate(specificity),
        balanced_accuracy=estimate(balanced),
        baseline_auroc=estimate(auroc_statistic(scores.truth, scores=scores.baseline)),
    )

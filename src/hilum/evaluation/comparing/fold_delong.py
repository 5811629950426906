"""DeLong's paired test for cross-validated predictions: within each fold, joined over the folds.

Scores of different folds come from different networks, so that DeLong's test of the pooled scores compares what was
never on one scale. Within a fold every score is of one pair of networks. The folds hold other patients, so their
estimates are independent given the networks, and a weighted mean of differences has the weighted sum of variances.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hilum.statistics.delong import DelongTest, delong_test
from hilum.statistics.outcomes import FloatArray, UndefinedMetric


@dataclass(frozen=True, slots=True)
class FoldDelong:
    """`first` and `second` are the chance that of two images of one fold the positive scores above the negative.

    Folds weigh by their pairs of a positive and a negative. `p_value` is two-sided, None where the standard error is 0.
    `folds` counts those with at least two positives and two negatives; `n` and `positives` are of these.
    """

    first: float
    second: float
    difference: float
    standard_error: float
    p_value: float | None
    folds: int
    n: int
    positives: int


def fold_delong(
    truth: FloatArray, *, first: FloatArray, second: FloatArray, folds: Sequence[str]
) -> FoldDelong | UndefinedMetric:
    """Join DeLong's test of each fold; `truth`, `first` and `second` are (n,), `folds` names the fold of each row.

    Images count as independent within a fold. `UndefinedMetric` where no fold has two positives and two negatives.
    """
    names = np.asarray(folds)
    tests = [
        delong_test(truth[rows], first=first[rows], second=second[rows])
        for rows in (names == name for name in np.unique(names))
    ]
    usable = [test for test in tests if isinstance(test, DelongTest)]
    if not usable:
        return UndefinedMetric("no fold has two positives and two negatives", int(truth.size), int(np.nansum(truth)))
    pairs = np.array([test.positives * (test.n - test.positives) for test in usable], np.float64)
    weights = pairs / pairs.sum()
    error = math.sqrt(sum((w * test.standard_error) ** 2 for w, test in zip(weights, usable, strict=True)))
    difference = _mean(weights, [test.difference for test in usable])
    return FoldDelong(
        first=_mean(weights, [test.first for test in usable]),
        second=_mean(weights, [test.second for test in usable]),
        difference=difference,
        standard_error=error,
        p_value=math.erfc(abs(difference / error) / math.sqrt(2)) if error > 0 else None,
        folds=len(usable),
        n=sum(test.n for test in usable),
        positives=sum(test.positives for test in usable),
    )


def _mean(weights: FloatArray, values: Sequence[float]) -> float:
    return float(weights @ np.array(values, np.float64))

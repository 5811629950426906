"""ROC and precision-recall curves of one label, each with a pointwise band from the bootstrap by patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.evaluation.predictions.patient_bootstrap import SEED
from hilum.statistics.bootstrap import patient_weights
from hilum.statistics.estimate import LEVEL
from hilum.statistics.outcomes import BoolArray, FloatArray, known_outcomes

BAND_REPLICATES = 1000
GRID = np.linspace(0.0, 1.0, 101)
"""Where the bands are taken: false positive rates of the ROC curve, recalls of the precision-recall curve."""
GRID.setflags(write=False)


@dataclass(frozen=True, slots=True, eq=False)
class BandedCurve:
    """The curve's points `x`, `y` (m,), and `low`, `high` (101,), the band's bounds over `GRID`; all in [0, 1]."""

    x: FloatArray
    y: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class LabelCurves:
    """Both curves of one label: `roc` is (false positive rate, sensitivity), `pr` is (recall, precision).

    `prevalence` is the precision of a score that knows nothing.
    """

    roc: BandedCurve
    pr: BandedCurve
    prevalence: float


def label_curves(
    truth: FloatArray,
    *,
    scores: FloatArray,
    patient: Sequence[str],
    replicates: int = BAND_REPLICATES,
    seed: int = SEED,
) -> LabelCurves:
    """The curves of `scores` (n,) against `truth` (n,), which is 0, 1 or NaN (left out), with 95% pointwise bands.

    Each distinct score is one cut. The ROC curve joins its points by straight lines, which counts a tie one half; the
    precision-recall curve is a step function, since no line between two cuts can be reached (Davis and Goadrich 2006).
    A band holds the percentiles, over replicates that draw patients, of the curve at each point of the grid. Raises
    `DataError` where there are no positives or no negatives.
    """
    outcomes = known_outcomes(truth, scores=scores)
    undefined = outcomes.lacks_an_outcome()
    if undefined is not None:
        raise DataError(f"Curves need positives and negatives: {undefined.reason}")
    order = np.argsort(-outcomes.scores, kind="stable")
    rows, positive, sorted_scores = outcomes.rows[order], outcomes.truth[order], outcomes.scores[order]
    last_of_tie = np.flatnonzero(np.append(np.diff(sorted_scores) != 0, True))
    whole = _cuts(np.ones((1, rows.size), np.int32), positive=positive, last_of_tie=last_of_tie)
    at_fpr, at_recall = [], []
    draws = patient_weights(list(patient), replicates=replicates, rng=np.random.default_rng(seed))
    for weights in draws:
        tp, fp = _cuts(weights[:, rows], positive=positive, last_of_tie=last_of_tie)
        both = (tp[:, -1] > 0) & (fp[:, -1] > 0)
        for one_tp, one_fp in zip(tp[both], fp[both], strict=True):
            at_fpr.append(np.interp(GRID, one_fp / one_fp[-1], one_tp / one_tp[-1]))
            at_recall.append(_precision_at(GRID, tp=one_tp, fp=one_fp))
    tp, fp = whole[0][0], whole[1][0]
    roc = _banded(fp / fp[-1], tp / tp[-1], at_fpr)
    precision, recall = tp[1:] / (tp[1:] + fp[1:]), tp[1:] / tp[-1]
    return LabelCurves(roc, _banded(recall, precision, at_recall), outcomes.positives / outcomes.n)


def _cuts(
    weights: npt.NDArray[np.int32], *, positive: BoolArray, last_of_tie: npt.NDArray[np.intp]
) -> tuple[FloatArray, FloatArray]:
    """Weighted true and false positives (B, m + 1) at every cut from the highest down; the first calls nothing."""
    true = np.cumsum(weights * positive, axis=1, dtype=np.float64)[:, last_of_tie]
    false = np.cumsum(weights * ~positive, axis=1, dtype=np.float64)[:, last_of_tie]
    start = np.zeros((len(weights), 1))
    return np.hstack([start, true]), np.hstack([start, false])


def _precision_at(recall: FloatArray, *, tp: FloatArray, fp: FloatArray) -> FloatArray:
    """The precision of the highest cut that reaches each recall."""
    called = tp + fp
    first = int(np.argmax(called > 0))  # in a replicate the highest scores may not have been drawn
    found = first + np.searchsorted(tp[first:-1], recall * tp[-1] * (1 - 1e-12), side="left")
    precision: FloatArray = tp[found] / called[found]
    return precision


def _banded(x: FloatArray, y: FloatArray, replicates: list[FloatArray]) -> BandedCurve:
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(np.array(replicates), [tail, 1 - tail], axis=0) if replicates else np.full((2, 101), np.nan)
    return BandedCurve(x, y, low, high)

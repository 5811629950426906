"""AUROC and average precision of drawn patients, both from one sum over the sorted rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse  # type: ignore[import-untyped]

from hilum.evaluation.patient_bootstrap import Drawn, PatientRows, PatientStatistic
from hilum.statistics.outcomes import FloatArray, known_outcomes


def ranking_statistic(truth: npt.ArrayLike, *, scores: npt.ArrayLike, patients: PatientRows) -> PatientStatistic:
    """The AUROC (row 0) and the average precision (row 1) of a draw; NaN without positives or without negatives.

    `truth` (n,) is 0, 1 or missing, `scores` (n,). The distinct scores of positives cut the negatives into segments;
    how many negatives of which patient lie in which segment is a sparse matrix, made once, so a batch of replicates
    costs one sparse product and one running sum. Definitions: `hilum.statistics.auroc`, `.average_precision`.
    """
    outcomes = known_outcomes(truth, scores=scores)
    patient = patients.index[outcomes.rows]
    cuts = np.unique(outcomes.scores[outcomes.truth])
    negative = outcomes.scores[~outcomes.truth]
    left, right = np.searchsorted(cuts, negative, side="left"), np.searchsorted(cuts, negative, side="right")
    # segment 2j holds the negatives between cut j - 1 and cut j, segment 2j + 1 those tied with cut j
    negatives = _counts(left + right, patient[~outcomes.truth], shape=(2 * cuts.size + 1, patients.count))
    place = np.searchsorted(cuts, outcomes.scores[outcomes.truth])
    positives = _counts(place, patient[outcomes.truth], shape=(cuts.size, patients.count))

    def statistic(drawn: Drawn) -> FloatArray:
        below = np.cumsum(negatives @ drawn, axis=0, dtype=np.int64)  # negatives up to the end of each segment
        hits = np.asarray(positives @ drawn, np.int64)
        all_negatives, all_positives = below[-1], hits.sum(axis=0)
        defined = (all_negatives > 0) & (all_positives > 0)
        values = np.full((2, drawn.shape[1]), np.nan)
        twice_won = (hits * (below[0:-1:2] + below[1::2])).sum(axis=0)
        np.divide(twice_won, 2 * all_positives * all_negatives, out=values[0], where=defined)
        found = np.cumsum(hits[::-1], axis=0)[::-1]  # positives at or above each cut
        called = found + all_negatives - below[0:-1:2]
        precision = np.divide(found, called, out=np.zeros(found.shape), where=called > 0)
        np.divide((hits * precision).sum(axis=0), all_positives, out=values[1], where=defined)
        return values

    return statistic


def _counts(row: npt.NDArray[np.intp], column: npt.NDArray[np.intp], *, shape: tuple[int, int]) -> sparse.csr_array:
    counts = sparse.csr_array((np.ones(row.size, np.int32), (row, column)), shape=shape)
    counts.sum_duplicates()
    return counts

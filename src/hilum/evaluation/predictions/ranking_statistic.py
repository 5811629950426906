"""AUROC and average precision of drawn patients, both from one sum over the sorted rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse  # type: ignore[import-untyped]

from hilum.errors import DataError
from hilum.evaluation.predictions.patient_bootstrap import Drawn, PatientRows, PatientStatistic
from hilum.statistics.outcomes import FloatArray, Outcomes, known_outcomes

Counts = npt.NDArray[np.int32]
_MOST = np.iinfo(np.int32).max


def ranking_statistic(truth: npt.ArrayLike, *, scores: npt.ArrayLike, patients: PatientRows) -> PatientStatistic:
    """The AUROC (row 0) and the average precision (row 1) of a draw; NaN without positives or without negatives.

    `truth` (n,) is 0, 1 or missing, `scores` (n,). Each distinct score of a positive is a cut, the highest first. How
    many rows of which patient lie between two cuts, or on one, is a sparse matrix, made once; a batch of replicates
    then costs three sparse products and two running sums, whatever the number of negatives. Counts are whole numbers
    throughout, so the AUROC is exact up to its last division. Definitions: `hilum.statistics.auroc`,
    `.average_precision`. Raises `DataError` where a draw could hold more rows than 32 bits count.
    """
    outcomes = known_outcomes(truth, scores=scores)
    if patients.largest * patients.count > _MOST:
        raise DataError(
            f"Too many images to draw from: {patients.count:,} patients of up to {patients.largest:,} images each, and "
            f"{_MOST:,} rows is the most"
        )
    cuts = _Cuts.of(outcomes, patient=patients.index[outcomes.rows], count=patients.count)

    def statistic(drawn: Drawn) -> FloatArray:
        hits, tied, negatives_above, negatives = cuts.counts(drawn)
        weight = hits.astype(np.float64)
        # in half pairs: a positive loses a whole pair to each negative above it, half a pair to each on its cut
        lost = 2 * _dot(weight, negatives_above.astype(np.float64)) + _dot(weight, tied.astype(np.float64))
        found = np.cumsum(hits, axis=0, dtype=np.int32, out=hits)  # positives at or above each cut
        positives = found[-1].astype(np.int64) if len(found) else np.zeros(drawn.shape[1], np.int64)
        defined = (negatives > 0) & (positives > 0)
        values = np.full((2, drawn.shape[1]), np.nan)
        halves = 2 * positives * negatives
        np.divide(halves - lost, halves, out=values[0], where=defined)
        called = negatives_above + tied
        called += found
        precision = found / np.maximum(called, 1, out=called)
        np.divide(_dot(weight, precision), positives, out=values[1], where=defined)
        return values

    return statistic


@dataclass(frozen=True, slots=True, eq=False)
class _Cuts:
    """Rows of each patient: `positives` (C, P) and `tied` negatives (C, P) on a cut, negatives `between` (C + 1, P)."""

    positives: sparse.csr_array
    tied: sparse.csr_array
    between: sparse.csr_array

    @staticmethod
    def of(outcomes: Outcomes, *, patient: npt.NDArray[np.intp], count: int) -> _Cuts:
        positive = outcomes.truth
        falling = np.unique(-outcomes.scores[positive])
        negative, whose = -outcomes.scores[~positive], patient[~positive]
        place = np.searchsorted(falling, negative, side="left")
        on_cut = place < np.searchsorted(falling, negative, side="right")
        return _Cuts(
            _counts(np.searchsorted(falling, -outcomes.scores[positive]), patient[positive], (falling.size, count)),
            _counts(place[on_cut], whose[on_cut], (falling.size, count)),
            _counts(place[~on_cut], whose[~on_cut], (falling.size + 1, count)),
        )

    def counts(self, drawn: Drawn) -> tuple[Counts, Counts, Counts, npt.NDArray[np.int64]]:
        """Positives on, negatives on and negatives above each cut (C, B), and all negatives (B,)."""
        tied = np.asarray(self.tied @ drawn, np.int32)
        below = np.asarray(self.between @ drawn, np.int32)
        below[1:] += tied
        np.cumsum(below, axis=0, dtype=np.int32, out=below)
        return np.asarray(self.positives @ drawn, np.int32), tied, below[:-1], below[-1].astype(np.int64)


def _dot(one: FloatArray, other: FloatArray) -> FloatArray:
    """The sum over cuts of each replicate's products."""
    return np.asarray(np.einsum("cb,cb->b", one, other), np.float64)


def _counts(row: npt.NDArray[np.intp], column: npt.NDArray[np.intp], shape: tuple[int, int]) -> sparse.csr_array:
    counts = sparse.csr_array((np.ones(row.size, np.int32), (row, column)), shape=shape)
    counts.sum_duplicates()
    return counts

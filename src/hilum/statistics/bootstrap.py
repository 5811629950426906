"""Bootstraps by patient: draws of patients, not of images, and the bias-corrected and accelerated interval (BCa)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.statistics.estimate import LEVEL, Interval
from hilum.statistics.outcomes import FloatArray

Weights = npt.NDArray[np.int32]
"""int32 (B, n): how often each of n rows was drawn in each of B replicates."""

_CELLS = 2_000_000


def patient_weights(patients: npt.ArrayLike, *, replicates: int, rng: np.random.Generator) -> Iterator[Weights]:
    """Row weights of all replicates, in batches of limited size: each replicate draws as many patients as there are.

    `patients` (n,) names the patient of each row; all rows of a patient have one weight.
    """
    names = np.asarray(patients)
    if names.ndim != 1 or names.size == 0:
        raise DataError(f"There must be one patient a row, shape (n,) with n at least 1, not the shape {names.shape}")
    unique, patient_of_row = np.unique(names, return_inverse=True)
    count = unique.size
    batch = max(1, _CELLS // max(count, names.size))
    for start in range(0, replicates, batch):
        size = min(batch, replicates - start)
        drawn = rng.integers(0, count, size=(size, count))
        drawn += np.arange(size)[:, None] * count
        counts = np.bincount(drawn.ravel(), minlength=size * count).astype(np.int32).reshape(size, count)
        yield (
            counts if count == names.size and (patient_of_row == np.arange(count)).all() else counts[:, patient_of_row]
        )


_NORMAL = NormalDist()


def bca_interval(value: float, *, draws: FloatArray, jackknife: FloatArray, level: float = LEVEL) -> Interval | None:
    """The BCa interval of `value` from bootstrap `draws` (B,) and leave-one-out values `jackknife` (G,).

    The percentiles that are taken are moved by the median bias of the draws, and by how the spread changes with the
    value, which is read from the skewness of the jackknife. NaN in either is left out. None where nearly no draw has a
    value, or where none lies on one side of `value`: such draws say nothing of that side. Source: Efron 1987; Efron and
    Tibshirani 1993, section 14.3.
    """
    defined, left_out = draws[~np.isnan(draws)], jackknife[~np.isnan(jackknife)]
    if defined.size < 2 or left_out.size < 2:
        return None
    below = (np.count_nonzero(defined < value) + np.count_nonzero(defined <= value)) / (2 * defined.size)
    if not 0.0 < below < 1.0:
        return None
    bias = _NORMAL.inv_cdf(below)
    pull = left_out.mean() - left_out
    spread = float(pull @ pull)
    acceleration = float((pull**3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0
    percentiles = []
    for probability in ((1 - level) / 2, (1 + level) / 2):
        moved = bias + _NORMAL.inv_cdf(probability)
        percentiles.append(_NORMAL.cdf(bias + moved / (1 - acceleration * moved)))
    low, high = np.quantile(defined, percentiles)
    return (float(low), float(high)) if math.isfinite(low) and math.isfinite(high) else None

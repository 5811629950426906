"""Draws of patients, not of images, for a bootstrap."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError

Weights = npt.NDArray[np.int32]
"""int32 (B, n): how often each of n rows was drawn in each of B replicates."""

_CELLS = 2_000_000


def patient_weights(patients: npt.ArrayLike, *, replicates: int, rng: np.random.Generator) -> Iterator[Weights]:
    """Row weights of all replicates, in batches of limited size: each replicate draws as many patients as there are.

    `patients` (n,) names the patient of each row; all rows of a patient have one weight.
    """
    names = np.asarray(patients)
    if names.ndim != 1 or names.size == 0:
        raise DataError(f"expected one patient a row, shape (n,) with n >= 1, came shape {names.shape}")
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

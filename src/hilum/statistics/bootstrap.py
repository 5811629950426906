"""Percentile bootstrap that draws patients, not images.

A statistic is a function from row weights to values: `weights` (B, n) say how often each row was drawn in each of B
replicates. It is evaluated for many replicates at once, so that 10,000 replicates of an AUROC take seconds, and a
difference between two models is paired by construction: subtract two statistics of the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError, UsageError
from hilum.statistics.outcomes import FloatArray

Weights = npt.NDArray[np.int32]
"""int32 (B, n): how often each of n rows was drawn in each of B replicates."""

Statistic = Callable[[Weights], FloatArray]
"""From weights (B, n) to values (B,); NaN where a replicate has no value, such as an AUROC without positives."""

_CELLS = 2_000_000


@dataclass(frozen=True, slots=True)
class BootstrapInterval:
    """The percentile interval of a statistic, with the standard error of its replicates.

    `undefined` of `replicates` had no value and are left out: where they are many, the interval says little.
    """

    low: float
    high: float
    standard_error: float
    level: float
    replicates: int
    undefined: int


def bootstrap_interval(
    statistic: Statistic,
    *,
    patients: npt.ArrayLike,
    rng: np.random.Generator,
    replicates: int = 2000,
    level: float = 0.95,
) -> BootstrapInterval:
    """The percentile interval of `statistic` over replicates that draw whole patients with replacement.

    `patients` (n,) names the patient of each row. The result depends on `rng` alone, not on how replicates are
    batched. Source: Efron and Tibshirani 1993, chapter 13; for clusters, Field and Welsh 2007. Raises `UsageError` for
    values out of range and `DataError` where fewer than two replicates have a value.
    """
    if not 0.0 < level < 1.0 or replicates < 2:
        raise UsageError(f"expected a level in (0, 1) and at least 2 replicates, came {level} and {replicates}")
    draws = patient_weights(patients, replicates=replicates, rng=rng)
    values = np.concatenate([np.asarray(statistic(weights), np.float64) for weights in draws])
    if values.shape != (replicates,):
        raise UsageError(f"expected one value a replicate from the statistic, came shape {values.shape}")
    defined = values[~np.isnan(values)]
    if defined.size < 2:
        raise DataError(
            f"the statistic has a value in {defined.size} of {replicates} replicates; there are too few rows"
        )
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return BootstrapInterval(
        low=float(low),
        high=float(high),
        standard_error=float(defined.std(ddof=1)),
        level=level,
        replicates=replicates,
        undefined=replicates - int(defined.size),
    )


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

"""Many statistics over the same draws of patients, in one pass: what a table with a mean over labels needs.

A statistic here takes how often each patient was drawn, not how often each row was, so that its data can be summed by
patient (or sorted) once. All statistics see the same replicates: a mean over labels and a difference between two models
are formed replicate by replicate, and so are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError, UsageError
from hilum.statistics.bootstrap import bca_interval, patient_weights
from hilum.statistics.estimate import LEVEL, Estimate
from hilum.statistics.outcomes import FloatArray

REPLICATES = 10_000
SMOKE_REPLICATES = 200
"""Of a smoke run, whose intervals mean as little as its numbers."""
SEED = 0
TOO_FEW_REPLICATES = "fewer than two replicates have a value"

Drawn = npt.NDArray[np.int32]
"""int32 (P, B): how often each of P patients was drawn in each of B replicates."""

PatientStatistic = Callable[[Drawn], FloatArray]
"""From draws (P, B) to values (K, B); NaN where a replicate has no value."""

_CELLS = 1_500_000
_MOST_GROUPS = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class PatientRows:
    """The patient of each row: `index` (n,) counts from 0 below `count`."""

    index: npt.NDArray[np.intp]
    count: int

    @property
    def largest(self) -> int:
        """The rows of the patient who has most."""
        return int(np.bincount(self.index).max())


def patient_rows(patients: Sequence[str]) -> PatientRows:
    """Number the patients in the order of their names."""
    unique, index = np.unique(np.asarray(patients), return_inverse=True)
    return PatientRows(index, int(unique.size))


def patient_bootstrap(
    statistics: Sequence[PatientStatistic], *, patients: PatientRows, replicates: int, seed: int
) -> list[FloatArray]:
    """The values (K, replicates) of each statistic over draws of whole patients with replacement.

    The draws are those of `hilum.statistics.bootstrap` for the same seed.
    """
    if replicates < 2:
        raise UsageError(f"The bootstrap needs at least 2 replicates; given: {replicates}")
    if not statistics:
        return []
    parts: list[list[FloatArray]] = [[] for _ in statistics]
    for drawn in _draws(patients, replicates=replicates, seed=seed):
        for part, statistic in zip(parts, statistics, strict=True):
            part.append(statistic(drawn))
    return [np.concatenate(part, axis=1) for part in parts]


def patient_jackknife(statistics: Sequence[PatientStatistic], *, patients: PatientRows) -> list[FloatArray]:
    """The values (K, G) of each statistic with each patient left out in turn: what BCa and a standard error need.

    Beyond 1,000 patients it is G groups of patients that are left out in turn, dealt at random from a fixed seed; the
    standard error of `jackknife_error` and the skewness that BCa needs are those of single patients, in the mean.
    """
    if not statistics:
        return []
    groups = min(patients.count, _MOST_GROUPS)
    group = np.random.default_rng(SEED).permutation(patients.count) % groups
    parts: list[list[FloatArray]] = [[] for _ in statistics]
    batch = max(32, _CELLS // max(patients.index.size, patients.count))
    for start in range(0, groups, batch):
        left_out = group[:, None] == np.arange(start, min(groups, start + batch))
        for part, statistic in zip(parts, statistics, strict=True):
            part.append(statistic(np.ascontiguousarray(1 - left_out.astype(np.int32))))
    return [np.concatenate(part, axis=1) for part in parts]


def estimate(value: float, *, draws: FloatArray, jackknife: FloatArray | None = None) -> Estimate:
    """`value` with the interval of `draws` (B,): BCa with a `jackknife` (G,) over patients, else the percentiles.

    Where BCa has no interval, because no draw lies on one side of the value, the percentiles stand.
    """
    defined = draws[~np.isnan(draws)]
    undefined = int(draws.size - defined.size)
    if defined.size < 2:
        return Estimate(value, None, undefined, note=TOO_FEW_REPLICATES, replicates=draws.size)
    accelerated = None if jackknife is None else bca_interval(value, draws=defined, jackknife=jackknife)
    if accelerated is not None:
        return Estimate(value, accelerated, undefined, method="BCa by patient", replicates=draws.size)
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    interval = (float(low), float(high))
    return Estimate(value, interval, undefined, method="percentile by patient", replicates=draws.size)


def _draws(patients: PatientRows, *, replicates: int, seed: int) -> Iterator[Drawn]:
    batch = max(32, _CELLS // max(patients.index.size, patients.count))
    rng = np.random.default_rng(seed)
    for weights in patient_weights(np.arange(patients.count), replicates=replicates, rng=rng):
        for start in range(0, len(weights), batch):
            yield np.ascontiguousarray(weights[start : start + batch].T)


def mean_statistic(values: FloatArray, *, rows: npt.NDArray[np.intp], patients: PatientRows) -> PatientStatistic:
    """The mean (1, B) of `values` (k,), which belong to `rows` (k,) of the patients' rows; NaN where none is drawn.

    The squared error of a probability makes the mean a Brier score, the truth makes it a prevalence.
    """
    if values.shape != rows.shape:
        raise DataError(f"Each row needs one value: {values.shape} values for {rows.shape} rows")
    whose = patients.index[rows]
    sums = np.bincount(whose, weights=values, minlength=patients.count)
    counts = np.bincount(whose, minlength=patients.count).astype(np.float64)

    def statistic(drawn: Drawn) -> FloatArray:
        # einsum, not BLAS: its sums do not depend on the number of threads
        total, of = (np.einsum("p,pb->b", one, drawn) for one in (sums, counts))
        means: FloatArray = np.divide(total, of, out=np.full(of.shape, np.nan), where=of > 0)
        return means[None]

    return statistic


def bootstrap_p_value(draws: FloatArray) -> float | None:
    """Twice the smaller tail of the drawn differences beyond 0, at least 2 / (B + 1) and at most 1; NaN are left out.

    It inverts the percentile interval (Efron and Tibshirani 1993, section 15.4); one is added to each tail, so that it
    is never 0. None with fewer than two draws.
    """
    defined = draws[~np.isnan(draws)]
    if defined.size < 2:
        return None
    tail = min(np.count_nonzero(defined <= 0), np.count_nonzero(defined >= 0)) + 1
    return min(1.0, 2.0 * float(tail) / (defined.size + 1))

"""What every metric takes and what it gives where it has no value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UndefinedMetric:
    """A metric that has no value on these data, and why; it takes the place of a NaN that could be averaged away."""

    reason: str
    n: int
    positives: int


def defined(value: T | UndefinedMetric) -> T | None:
    """The value, None where there is none."""
    return None if isinstance(value, UndefinedMetric) else value


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """The rows whose truth is known: `truth` bool (n,), `scores` float64 (n,), `rows` their places in the input."""

    truth: BoolArray
    scores: FloatArray
    rows: npt.NDArray[np.intp]

    @property
    def n(self) -> int:
        """How many rows have a known truth."""
        return int(self.truth.size)

    @property
    def positives(self) -> int:
        """How many of them are positive."""
        return int(np.count_nonzero(self.truth))

    def lacks_an_outcome(self) -> UndefinedMetric | None:
        """The reason why no metric that compares positives with negatives exists here, or None where it does."""
        if 0 < self.positives < self.n:
            return None
        missing = "rows with a known truth" if self.n == 0 else "negatives" if self.positives else "positives"
        return UndefinedMetric(f"there are no {missing}", self.n, self.positives)


def known_outcomes(truth: npt.ArrayLike, *, scores: npt.ArrayLike) -> Outcomes:
    """Keep the rows whose truth is known.

    `truth` (n,) holds 0, 1 (or booleans) and NaN or None where the label is missing: missing is not negative. `scores`
    (n,) are finite where the truth is known. Raises `DataError` for other values, shapes or lengths.
    """
    values = np.asarray(truth, np.float64)
    numbers = np.asarray(scores, np.float64)
    if values.ndim != 1 or values.shape != numbers.shape:
        raise DataError(f"truth and scores must have one shape (n,), not {values.shape} and {numbers.shape}")
    rows = np.flatnonzero(~np.isnan(values))
    values, numbers = values[rows], numbers[rows]
    if not np.isin(values, (0.0, 1.0)).all():
        raise DataError("The truth holds a value other than 0, 1 and missing. Map uncertain labels by a stated policy")
    if not np.isfinite(numbers).all():
        raise DataError(
            "Some scores are NaN or infinite where the truth is known. Give a number for each, or leave the truth out"
        )
    return Outcomes(values == 1.0, numbers, rows)


def known_probabilities(truth: npt.ArrayLike, *, probabilities: npt.ArrayLike) -> Outcomes:
    """`known_outcomes` for scores that must be probabilities, in [0, 1]; raises `DataError` where they are not."""
    outcomes = known_outcomes(truth, scores=probabilities)
    if outcomes.n and not (outcomes.scores.min() >= 0.0 and outcomes.scores.max() <= 1.0):
        raise DataError("Some probabilities lie outside [0, 1]. Pass calibrated probabilities")
    return outcomes


def known_patients(patients: npt.ArrayLike, *, truth: npt.ArrayLike, outcomes: Outcomes) -> npt.NDArray[np.intp]:
    """The patient of each known row, numbered from 0 in the order of their names, (k,).

    `patients` names one of every row of `truth` (n,). Raises `DataError` where they are not as many.
    """
    names = np.asarray(patients)
    if names.shape != np.shape(truth):
        raise DataError(f"There must be one patient a row, shape {np.shape(truth)}, not {names.shape}")
    return np.unique(names[outcomes.rows], return_inverse=True)[1].reshape(-1)

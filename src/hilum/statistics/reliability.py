"""The reliability curve: in each bin of probability, how often the outcome came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import UsageError
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import FloatArray, Outcomes, known_probabilities
from hilum.statistics.proportion import wilson

BINS = 10


@dataclass(frozen=True, slots=True)
class CurveBin:
    """The rows whose probability lies between `low` and `high`: their mean `probability` and the `observed` share.

    All values are in [0, 1]; `observed` counts the rows, of which `positives` are positive, and has Wilson's interval.
    """

    low: float
    high: float
    probability: float
    observed: Estimate
    positives: int


def equal_width_curve(truth: npt.ArrayLike, *, probabilities: npt.ArrayLike, bins: int = BINS) -> tuple[CurveBin, ...]:
    """The bins [i / bins, (i + 1) / bins), the last with 1 too, that hold rows: those of the calibration error.

    `truth` (n,) is 0, 1 or missing (left out), `probabilities` (n,) in [0, 1]. Empty where no truth is known. Where
    patients have several images, Wilson's intervals are too narrow. Source: DeGroot and Fienberg 1983. Raises
    `DataError` for malformed input and `UsageError` for fewer than one bin.
    """
    _check_bins(bins)
    outcomes = known_probabilities(truth, probabilities=probabilities)
    edges = np.arange(bins + 1) / bins
    place = np.searchsorted(edges[1:-1], outcomes.scores, side="right")
    return tuple(
        _bin(outcomes, place == i, low=float(edges[i]), high=float(edges[i + 1])) for i in np.unique(place).tolist()
    )


def equal_count_curve(truth: npt.ArrayLike, *, probabilities: npt.ArrayLike, bins: int = BINS) -> tuple[CurveBin, ...]:
    """Bins of as nearly equal numbers of rows as ties allow; `low` and `high` are the lowest and highest row of each.

    It shows a rare finding, whose probabilities crowd in the lowest bin of equal width. Edges are the quantiles
    i / bins of the probabilities, and rows of one probability stay in one bin. Takes and raises what
    `equal_width_curve` does.
    """
    _check_bins(bins)
    outcomes = known_probabilities(truth, probabilities=probabilities)
    if outcomes.n == 0:
        return ()
    edges = np.quantile(outcomes.scores, np.arange(1, bins) / bins)
    place = np.searchsorted(edges, outcomes.scores, side="left")
    found = []
    for i in np.unique(place).tolist():
        inside: FloatArray = outcomes.scores[place == i]
        found.append(_bin(outcomes, place == i, low=float(inside.min()), high=float(inside.max())))
    return tuple(found)


def _bin(outcomes: Outcomes, inside: npt.NDArray[np.bool_], *, low: float, high: float) -> CurveBin:
    positives = int(np.count_nonzero(outcomes.truth[inside]))
    observed = wilson(positives, n=int(np.count_nonzero(inside)))
    return CurveBin(low, high, float(outcomes.scores[inside].mean()), observed, positives)


def _check_bins(bins: int) -> None:
    if bins < 1:
        raise UsageError(f"There must be at least one bin, not {bins}")

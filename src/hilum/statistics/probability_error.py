"""How far stated probabilities lie from what came, in one number: Brier score and expected calibration error."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.errors import UsageError
from hilum.statistics.outcomes import UndefinedMetric, known_probabilities


def brier(truth: npt.ArrayLike, *, probabilities: npt.ArrayLike) -> float | UndefinedMetric:
    """The mean squared difference between probability and outcome, in [0, 1]; lower is better (Brier 1950).

    `truth` (n,) is 0, 1 or missing (left out), `probabilities` (n,) in [0, 1]. Always saying the prevalence p gives
    p (1 - p). `UndefinedMetric` where no truth is known.
    """
    outcomes = known_probabilities(truth, probabilities=probabilities)
    if outcomes.n == 0:
        return UndefinedMetric("there are no rows with a known truth", 0, 0)
    return float(np.mean((outcomes.scores - outcomes.truth) ** 2))


def expected_calibration_error(
    truth: npt.ArrayLike, *, probabilities: npt.ArrayLike, bins: int = 10
) -> float | UndefinedMetric:
    """The mean over rows of |mean probability - share of positives| of the bin a row falls in, in [0, 1].

    `truth` (n,) is 0, 1 or missing (left out), `probabilities` (n,) of the positive outcome, in `bins` bins of equal
    width; bin i covers [i / bins, (i + 1) / bins), the last one 1 too. It shrinks with fewer bins and grows with fewer
    rows: compare it only at the same bins and n. `UndefinedMetric` where no truth is known. Source: Naeini et al. 2015.
    """
    if bins < 1:
        raise UsageError(f"There must be at least one bin, not {bins}")
    outcomes = known_probabilities(truth, probabilities=probabilities)
    if outcomes.n == 0:
        return UndefinedMetric("there are no rows with a known truth", 0, 0)
    edges = np.arange(1, bins) / bins
    place = np.searchsorted(edges, outcomes.scores, side="right")
    gap = np.bincount(place, weights=outcomes.scores - outcomes.truth, minlength=bins)
    return float(np.abs(gap).sum() / outcomes.n)

"""Brier score."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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

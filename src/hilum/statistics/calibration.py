"""Calibration: from a network's logit to a probability that can be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.statistics.logistic import most_likely, sigmoid
from hilum.statistics.outcomes import BoolArray, FloatArray, Outcomes, known_outcomes

_CLIP = 1e-7
"""How near to 0 and 1 a probability may come before its log odds are taken: about one step of a 32-bit 1."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibrated probability = sigmoid(slope * logit + intercept)."""

    slope: float
    intercept: float


def calibrate(logits: npt.ArrayLike, *, slope: float, intercept: float) -> FloatArray:
    """Calibrated probabilities, float64 of the shape of `logits`, in [0, 1]; the one place where sigmoid is applied."""
    return sigmoid(slope * np.asarray(logits, np.float64) + intercept)


def log_odds(probabilities: npt.ArrayLike) -> FloatArray:
    """log(p / (1 - p)) of probabilities kept 1e-7 away from 0 and 1."""
    p = np.clip(np.asarray(probabilities, np.float64), _CLIP, 1 - _CLIP)
    return np.asarray(np.log(p) - np.log1p(-p), np.float64)


def fit_platt(truth: npt.ArrayLike, *, logits: npt.ArrayLike) -> Calibration:
    """Slope and intercept of greatest likelihood on smoothed targets (Platt 1999), by Newton's method.

    `truth` (n,) is 0, 1 or missing (left out), `logits` (n,) as they leave the network. The targets are those of
    `smoothed_targets_of`, so that the slope is finite also where a threshold parts the outcomes. Raises `DataError`
    where an outcome is missing, all logits are equal, or the most likely slope is not above 0 (it would turn the
    scores round).
    """
    outcomes = _with_both(truth, logits)
    positives, negatives = outcomes.positives, outcomes.n - outcomes.positives
    spread = float(outcomes.scores.std())
    if spread == 0.0:
        raise DataError("All logits are the same, so nothing can be calibrated on them")
    # standardised, so that Newton's equations are well conditioned whatever the scale of the logits
    mean = float(outcomes.scores.mean())
    x = np.stack([(outcomes.scores - mean) / spread, np.ones(outcomes.n)])
    start = np.array([0.0, np.log(positives / negatives)])
    slope, intercept = (
        float(value) for value in most_likely(x, targets=smoothed_targets_of(outcomes.truth), start=start)
    )
    return Calibration(_rising(slope / spread), intercept - slope * mean / spread)


def fit_temperature(truth: npt.ArrayLike, *, logits: npt.ArrayLike) -> Calibration:
    """The slope 1 / T of greatest likelihood, with intercept 0 (temperature scaling, Guo et al. 2017).

    Takes and raises what `fit_platt` does; also refused are logits whose sign is always right, where T would be 0.
    """
    outcomes = _with_both(truth, logits)
    size = float(np.sqrt(np.mean(outcomes.scores**2)))
    if size == 0.0:
        raise DataError("All logits are 0, so nothing can be calibrated on them")
    signed = np.where(outcomes.truth, outcomes.scores, -outcomes.scores)
    if signed.min() >= 0 or signed.max() <= 0:
        raise DataError("the sign of the logit is right for all rows or for none, so no temperature is the most likely")
    x = (outcomes.scores / size)[None]
    (slope,) = most_likely(x, targets=outcomes.truth.astype(np.float64), start=np.zeros(1))
    return Calibration(_rising(float(slope) / size), 0.0)


def fit_intercept(truth: npt.ArrayLike, *, logits: npt.ArrayLike, slope: float) -> Calibration:
    """The intercept of greatest likelihood at a `slope` above 0 that is kept: the mean stated is the share observed.

    For few patients, who say how often a finding comes and not yet how steeply it comes with the score. `truth` and
    `logits` (n,) as in `fit_platt`. Source: Steyerberg 2004 (recalibration in the large). Raises `DataError` where an
    outcome is missing or the slope is not above 0.
    """
    outcomes = _with_both(truth, logits)
    offset = _rising(slope) * outcomes.scores
    start = np.array([-float(np.median(offset))])
    (intercept,) = most_likely(
        np.ones((1, outcomes.n)), targets=outcomes.truth.astype(np.float64), start=start, offset=offset
    )
    return Calibration(slope, float(intercept))


def smoothed_targets_of(truth: BoolArray) -> FloatArray:
    """Platt's targets for outcomes (n,): (P + 1) / (P + 2) and 1 / (N + 2) for P positives and N negatives."""
    positives = int(np.count_nonzero(truth))
    negatives = int(truth.size) - positives
    return np.where(truth, (positives + 1) / (positives + 2), 1 / (negatives + 2))


def _rising(slope: float) -> float:
    """`slope`, which must be above 0: a calibration that turned the scores round would be another model."""
    if slope <= 0.0:
        raise DataError(
            f"The scores rank the wrong way round, or not at all: the most likely slope is {slope:.3g}, and it must "
            "be above 0. Check the scores, and what the truth calls positive"
        )
    return slope


def _with_both(truth: npt.ArrayLike, logits: npt.ArrayLike) -> Outcomes:
    outcomes = known_outcomes(truth, scores=logits)
    undefined = outcomes.lacks_an_outcome()
    if undefined is not None:
        raise DataError(f"Calibration needs positives and negatives: {undefined.reason} among {outcomes.n} rows")
    return outcomes

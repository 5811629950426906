"""Calibration: from a network's logit to a probability that can be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.statistics.outcomes import FloatArray, Outcomes, known_outcomes

_STEPS = 200
_TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibrated probability = sigmoid(slope * logit + intercept)."""

    slope: float
    intercept: float


def calibrate(logits: npt.ArrayLike, *, slope: float, intercept: float) -> FloatArray:
    """Calibrated probabilities, float64 of the shape of `logits`, in [0, 1]; the one place where sigmoid is applied."""
    z = slope * np.asarray(logits, np.float64) + intercept
    small = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1.0, small) / (1.0 + small), np.float64)


def fit_platt(truth: npt.ArrayLike, *, logits: npt.ArrayLike, smoothed_targets: bool = False) -> Calibration:
    """Slope and intercept of greatest likelihood (Platt 1999), by Newton's method.

    `truth` (n,) is 0, 1 or missing (left out), `logits` (n,) as they leave the network. `smoothed_targets` takes
    Platt's targets (P + 1) / (P + 2) and 1 / (N + 2) in place of 1 and 0 for P positives and N negatives; without it
    this is an unpenalised logistic regression. Raises `DataError` where an outcome is missing, all logits are equal,
    or, without smoothed targets, a threshold parts the outcomes, so that the greatest likelihood lies at infinity.
    """
    outcomes = _with_both(truth, logits)
    positives, negatives = outcomes.positives, outcomes.n - outcomes.positives
    spread = float(outcomes.scores.std())
    if spread == 0.0:
        raise DataError("expected logits that differ, came one value only; nothing can be calibrated on it")
    if smoothed_targets:
        targets = np.where(outcomes.truth, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    else:
        _refuse_separable(outcomes)
        targets = outcomes.truth.astype(np.float64)
    # standardised, so that Newton's equations are well conditioned whatever the scale of the logits
    mean = float(outcomes.scores.mean())
    x = np.stack([(outcomes.scores - mean) / spread, np.ones(outcomes.n)])
    start = np.array([0.0, np.log(positives / negatives)])
    slope, intercept = _newton(x, targets, start)
    return Calibration(slope / spread, intercept - slope * mean / spread)


def fit_temperature(truth: npt.ArrayLike, *, logits: npt.ArrayLike) -> Calibration:
    """The slope 1 / T of greatest likelihood, with intercept 0 (temperature scaling, Guo et al. 2017).

    Takes and raises what `fit_platt` does; also refused are logits whose sign is always right, where T would be 0.
    """
    outcomes = _with_both(truth, logits)
    size = float(np.sqrt(np.mean(outcomes.scores**2)))
    if size == 0.0:
        raise DataError("expected logits that differ from 0, came zeros only; nothing can be calibrated on them")
    signed = np.where(outcomes.truth, outcomes.scores, -outcomes.scores)
    if signed.min() >= 0 or signed.max() <= 0:
        raise DataError("the sign of the logit is right for all rows or for none, so no temperature is the most likely")
    x = (outcomes.scores / size)[None]
    (slope,) = _newton(x, outcomes.truth.astype(np.float64), np.zeros(1))
    return Calibration(slope / size, 0.0)


def _with_both(truth: npt.ArrayLike, logits: npt.ArrayLike) -> Outcomes:
    outcomes = known_outcomes(truth, scores=logits)
    undefined = outcomes.lacks_an_outcome()
    if undefined is not None:
        raise DataError(f"expected positives and negatives to calibrate on: {undefined.reason} among {outcomes.n} rows")
    return outcomes


def _refuse_separable(outcomes: Outcomes) -> None:
    positive, negative = outcomes.scores[outcomes.truth], outcomes.scores[~outcomes.truth]
    if positive.min() >= negative.max() or positive.max() <= negative.min():
        raise DataError(
            "a threshold parts the outcomes without error, so no slope is the most likely; use smoothed_targets"
        )


def _newton(x: FloatArray, targets: FloatArray, start: FloatArray) -> list[float]:
    """Minimise the cross-entropy of sigmoid(theta @ x) by Newton's method with step halving; `x` is (p, n)."""
    theta = start
    loss = _cross_entropy(theta @ x, targets)
    for _ in range(_STEPS):
        probability = calibrate(theta @ x, slope=1.0, intercept=0.0)
        gradient = x @ (probability - targets)
        hessian = (x * (probability * (1 - probability))) @ x.T
        step = np.linalg.solve(hessian, gradient)
        if float(np.abs(step).max()) <= _TOLERANCE * max(1.0, float(np.abs(theta).max())):
            return [float(value) for value in theta - step]
        share = 1.0
        while (trial := _cross_entropy((theta - share * step) @ x, targets)) > loss and share > 1e-10:
            share /= 2
        if trial >= loss:  # rounding hides any lower loss: this is the minimum, as near as float64 can tell
            return [float(value) for value in theta]
        theta, loss = theta - share * step, trial
    raise DataError(f"the calibration did not settle in {_STEPS} steps; look at the logits")


def _cross_entropy(z: FloatArray, targets: FloatArray) -> float:
    return float((np.logaddexp(0.0, z) - targets * z).sum())

"""Logistic regression without penalty: Newton's method, and a covariance that knows which rows are of one patient."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.statistics.outcomes import FloatArray

_STEPS = 200
_TOLERANCE = 1e-10
_LARGEST_CONDITION = 1e10


def sigmoid(z: npt.ArrayLike) -> FloatArray:
    """1 / (1 + exp(-z)), float64 of the shape of `z`, without overflow."""
    values = np.asarray(z, np.float64)
    small = np.exp(-np.abs(values))
    return np.asarray(np.where(values >= 0, 1.0, small) / (1.0 + small), np.float64)


def most_likely(
    x: FloatArray, *, targets: FloatArray, start: FloatArray, offset: FloatArray | None = None
) -> FloatArray:
    """The coefficients theta (p,) of least cross-entropy of sigmoid(theta @ x + offset), by Newton's method.

    `x` is (p, n), well scaled; `targets` (n,) lie in [0, 1]; `start` is (p,); `offset` (n,) is 0 unless given. Steps
    are halved while the loss grows. Raises `DataError` where the search does not settle, such as where a plane parts
    the outcomes, so that the greatest likelihood lies at infinity.
    """
    fixed = np.zeros(targets.shape) if offset is None else offset
    theta = start
    loss = _cross_entropy(theta @ x + fixed, targets)
    for _ in range(_STEPS):
        probability = sigmoid(theta @ x + fixed)
        gradient = x @ (probability - targets)
        hessian = (x * (probability * (1 - probability))) @ x.T
        try:
            step = np.linalg.solve(hessian, gradient)
        except np.linalg.LinAlgError:
            break
        if float(np.abs(step).max()) <= _TOLERANCE * max(1.0, float(np.abs(theta).max())):
            return np.asarray(theta - step, np.float64)
        share = 1.0
        while (trial := _cross_entropy((theta - share * step) @ x + fixed, targets)) > loss and share > 1e-10:
            share /= 2
        if trial >= loss:  # rounding hides any lower loss: this is the minimum, as near as float64 can tell
            return theta
        theta, loss = theta - share * step, trial
    raise DataError(f"The logistic regression did not settle in {_STEPS} steps. Check the scores")


def covariance_by_patient(
    x: FloatArray, *, residuals: FloatArray, curvature: FloatArray, patient: npt.NDArray[np.intp]
) -> FloatArray:
    """The covariance (p, p) of coefficients whose fit left `residuals`, with whole patients as the unit.

    `x` is (p, n), `residuals` (n,) outcome minus fit, `curvature` (n,) the derivative of the fit (p (1 - p) for a
    logistic one, 1 for a mean), `patient` (n,) counts from 0. Each patient's score is divided by what the fit owes to
    that patient, (I - H_g)^-1, so that this is the jackknife over patients in one step: the plain sandwich is too small
    where patients are few. Sources: Liang and Zeger 1986; Bell and McCaffrey 2002 (their CR3). Raises `DataError` where
    one patient alone fixes a coefficient.
    """
    count, size = int(patient.max()) + 1, len(x)
    information = (x * curvature) @ x.T
    scores = np.stack([np.bincount(patient, weights=row * residuals, minlength=count) for row in x], axis=1)
    own = np.empty((count, size, size))
    for i in range(size):
        for j in range(size):
            own[:, i, j] = np.bincount(patient, weights=x[i] * x[j] * curvature, minlength=count)
    try:
        if np.linalg.cond(information) > _LARGEST_CONDITION:
            raise DataError("the data say too little of one coefficient: a threshold parts nearly all outcomes")
        bread = np.linalg.inv(information)
        freed = np.linalg.solve(np.eye(size) - own @ bread, scores[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError as error:
        raise DataError("one patient alone decides the fit, so nothing is known of its spread") from error
    return np.asarray(bread @ (freed.T @ freed) @ bread * ((count - 1) / count), np.float64)


def _cross_entropy(z: FloatArray, targets: FloatArray) -> float:
    return float((np.logaddexp(0.0, z) - targets * z).sum())

"""From logits to probabilities, fitted on somebody's own images, with 95% intervals by patient."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from hilum.bundle.label import PlattCalibration
from hilum.errors import DataError
from hilum.evaluation.calibrating.label_images import LabelImages
from hilum.statistics.calibration import fit_intercept, fit_platt, smoothed_targets_of
from hilum.statistics.estimate import LEVEL, Interval
from hilum.statistics.logistic import covariance_by_patient

_QUANTILE = NormalDist().inv_cdf(0.5 + LEVEL / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationIntervals:
    """Clustered intervals (a sandwich, with the patient as the unit); None where the images do not give one."""

    slope: Interval | None
    intercept: Interval | None


def fit_calibration(images: LabelImages, *, kept_slope: float | None) -> PlattCalibration:
    """Platt's slope and intercept with his smoothed targets, or the intercept alone at `kept_slope`.

    Raises `DataError` where an outcome is missing, all logits are equal, or the scores rank the wrong way round.
    """
    if kept_slope is None:
        fitted = fit_platt(images.truth, logits=images.logits)
    else:
        fitted = fit_intercept(images.truth, logits=images.logits, slope=kept_slope)
    return PlattCalibration(slope=fitted.slope, intercept=fitted.intercept)


def calibration_intervals(
    images: LabelImages, *, calibration: PlattCalibration, slope_was_kept: bool
) -> CalibrationIntervals:
    """How far slope and intercept, which were fitted on `images`, would move with other patients like these."""
    fitted = calibration.probabilities(images.logits)
    spread, mean = float(images.logits.std()), float(images.logits.mean())
    ones = np.ones(images.n)
    if slope_was_kept:
        targets, x, back = images.truth.astype(np.float64), ones[None], np.eye(1)
    else:  # well scaled, and back to the scale of the logits
        targets = smoothed_targets_of(images.truth)
        x, back = np.stack([(images.logits - mean) / spread, ones]), np.array([[1 / spread, 0], [-mean / spread, 1]])
    whose = np.unique(images.patients, return_inverse=True)[1].reshape(-1)
    try:
        covariance = covariance_by_patient(
            x, residuals=targets - fitted, curvature=fitted * (1 - fitted), patient=whose
        )
    except DataError:
        return CalibrationIntervals(slope=None, intercept=None)
    *of_slope, half = _QUANTILE * np.sqrt(np.diagonal(back @ covariance @ back.T))
    return CalibrationIntervals(
        slope=_around(calibration.slope, half=float(of_slope[0])) if of_slope else None,
        intercept=_around(calibration.intercept, half=float(half)),
    )


def _around(value: float, *, half: float) -> Interval:
    return value - half, value + half

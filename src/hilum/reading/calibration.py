"""From a logit to a calibrated probability, as the card says."""

from __future__ import annotations

from hilum.bundle.label import PlattCalibration
from hilum.statistics.calibration import calibrate


def calibrated(logit: float, *, calibration: PlattCalibration) -> float:
    """sigmoid(slope * logit + intercept), by the same function that fitting and judging use (Platt 1999)."""
    return float(calibrate(logit, slope=calibration.slope, intercept=calibration.intercept))

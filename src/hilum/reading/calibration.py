"""From logits to calibrated probabilities, as the card says."""

from __future__ import annotations

import math

from hilum.bundle.card import PlattCalibration


def calibrated(logit: float, *, calibration: PlattCalibration) -> float:
    """sigmoid(slope * logit + intercept), computed in float64 without overflow (Platt 1999)."""
    z = calibration.slope * logit + calibration.intercept
    if z >= 0:
        return 1.0 / (1.0 + math.exp(-z))
    odds = math.exp(z)
    return odds / (1.0 + odds)

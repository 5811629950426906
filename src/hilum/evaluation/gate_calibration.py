"""The probability of a radiograph, as if radiographs and other pictures were equally frequent.

Both kinds stand in a study as often as the releases happen to give them, so the intercept of Platt's fit is moved by
the log of their odds (Elkan 2001, theorem 2, in logits). Two kinds take no part: bulk radiographs, each left out whole,
since the network that ships has learnt from them; and views with a fault put into them (turned, inverted, strongly
cropped, masked), which readers rarely send and which would pull the threshold towards the hardest radiographs.
"""

from __future__ import annotations

import numpy as np

from hilum.bundle.gate_outputs import IS_XRAY
from hilum.bundle.label import PlattCalibration
from hilum.datasets.body_parts import BULK_SOURCES
from hilum.evaluation.gate_predictions import WHOLE_VIEWS, GatePredictions
from hilum.evaluation.gate_scores import Scores
from hilum.statistics.calibration import calibrate, fit_platt

HALF = 0.5
"""From here on a picture is called a radiograph."""


def fit_is_xray(judged: GatePredictions) -> PlattCalibration:
    """Slope and intercept on held-out predictions; raises `DataError` where there are pictures of one kind only."""
    usual = judged.where(~np.isin(judged.source, BULK_SOURCES) & np.isin(judged.view, WHOLE_VIEWS))
    fitted = fit_platt(usual.is_xray.astype(np.float64), logits=usual.logits[:, IS_XRAY], smoothed_targets=True)
    odds = np.count_nonzero(usual.is_xray) / np.count_nonzero(~usual.is_xray)
    return PlattCalibration(slope=fitted.slope, intercept=fitted.intercept - float(np.log(odds)))


def is_xray_probability(rows: GatePredictions, *, calibration: PlattCalibration) -> Scores:
    """The calibrated probability of a radiograph of each row, (n,)."""
    return calibrate(rows.logits[:, IS_XRAY], slope=calibration.slope, intercept=calibration.intercept)


def cross_calibrated(folds: GatePredictions) -> Scores:
    """The probability of a radiograph of each row, (n,), calibrated on the other folds."""
    probabilities = np.empty(len(folds), np.float64)
    for network in sorted(set(folds.network.tolist())):
        own = folds.network == network
        calibration = fit_is_xray(folds.where(~own))
        probabilities[own] = is_xray_probability(folds.where(own), calibration=calibration)
    return probabilities

"""A judged calibration as JSON: every number with its interval, the bands in counts, the smooth curve in points."""

from __future__ import annotations

from typing import Any

from hilum.evaluation.judged_calibration import JudgedCalibration
from hilum.statistics.calibration_curve import CalibrationCurve
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric
from hilum.statistics.probability_bands import ProbabilityBand

Json = dict[str, Any]


def calibration_json(calibration: JudgedCalibration) -> Json:
    """What has no value is null, and says why in `undefined`; log odds for slope, intercept and in-the-large."""
    fit = calibration.fit
    numbers = {
        "slope": fit.slope,
        "intercept": fit.intercept,
        "in_the_large": fit.in_the_large,
        "mean_stated_minus_observed": fit.mean_difference,
    }
    found: Json = {}
    for name, value in numbers.items():
        found |= _number(name, value)
    found["bands"] = [_band(band) for band in calibration.bands]
    found["in_words"] = calibration.in_words
    if calibration.curve is not None:
        found["curve"] = _curve(calibration.curve)
    return found


def _number(name: str, value: Estimate | UndefinedMetric) -> Json:
    if isinstance(value, UndefinedMetric):
        return {name: None, f"{name}_ci": None, f"{name}_undefined": value.reason}
    found: Json = {name: value.value, f"{name}_ci": None if value.interval is None else list(value.interval)}
    if value.note is not None:
        found[f"{name}_note"] = value.note
    return found


def _band(band: ProbabilityBand) -> Json:
    return {
        "low": band.low,
        "high": band.high,
        "n": band.observed.n,
        "positives": band.observed.successes,
        "stated": band.stated,
        "observed": band.observed.value,
        "observed_ci": [band.observed.low, band.observed.high],
        "off": band.off,
    }


def _curve(curve: CalibrationCurve | UndefinedMetric) -> Json:
    if isinstance(curve, UndefinedMetric):
        return {"undefined": curve.reason}
    return {
        "method": curve.method,
        "stated": curve.probability.tolist(),
        "observed": curve.observed.tolist(),
        "low": curve.low.tolist(),
        "high": curve.high.tolist(),
    }

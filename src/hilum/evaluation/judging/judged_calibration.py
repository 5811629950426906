"""How well the stated probabilities of one label are calibrated on one set of images."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy.typing as npt

from hilum.statistics.calibration_curve import CalibrationCurve, calibration_curve
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import FloatArray, UndefinedMetric
from hilum.statistics.probability_bands import ProbabilityBand, bands_in_words, probability_bands
from hilum.statistics.recalibration import Recalibration, recalibration


@dataclass(frozen=True, slots=True)
class JudgedCalibration:
    """`fit` in numbers, `curve` as a smooth line, `bands` in counts; the curve is None where it was not asked for."""

    fit: Recalibration
    bands: tuple[ProbabilityBand, ...]
    curve: CalibrationCurve | UndefinedMetric | None = field(compare=False)  # arrays do not compare to one truth

    @property
    def numbers(self) -> dict[str, Estimate | UndefinedMetric]:
        """The fit's numbers by the names under which files keep them."""
        return {
            "slope": self.fit.slope,
            "intercept": self.fit.intercept,
            "in_the_large": self.fit.in_the_large,
            "mean_stated_minus_observed": self.fit.mean_difference,
        }

    @property
    def in_words(self) -> str:
        """Where stated probabilities are off, in sentences; empty where no truth is known."""
        return bands_in_words(self.bands)

    @property
    def is_off(self) -> bool:
        """Whether any band of stated probability is further off than chance explains."""
        return any(band.off for band in self.bands)


def judged_calibration(
    truth: FloatArray, *, probabilities: FloatArray, patients: npt.ArrayLike, with_curve: bool
) -> JudgedCalibration:
    """Judge `probabilities` (n,) against `truth` (n,), which is 0, 1 or NaN (left out); `patients` names each row's.

    Raises `DataError` for malformed input.
    """
    curve = calibration_curve(truth, probabilities=probabilities, patients=patients) if with_curve else None
    return JudgedCalibration(
        fit=recalibration(truth, probabilities=probabilities, patients=patients),
        bands=probability_bands(truth, probabilities=probabilities),
        curve=curve,
    )

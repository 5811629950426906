"""Calibration of the scores of a predictions file, label by label: fitted on validation predictions, applied to others.

Scores are probabilities already; the two sigmoid methods work on their log odds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression  # type: ignore[import-untyped]

from hilum.errors import DataError, UsageError
from hilum.evaluation.predictions.validation import ValidationPredictions, checked_validation
from hilum.statistics.auroc import auroc
from hilum.statistics.calibration import calibrate, fit_platt, fit_temperature, log_odds
from hilum.statistics.outcomes import FloatArray, Outcomes, UndefinedMetric


@dataclass(frozen=True, slots=True)
class SigmoidCalibrator:
    """Calibrated probability = sigmoid(slope * log odds + intercept); slope is above 0, so that order stays."""

    slope: float
    intercept: float

    def __call__(self, probabilities: npt.ArrayLike) -> FloatArray:
        """Calibrate `probabilities` of any shape, in [0, 1]; NaN stays NaN."""
        return calibrate(log_odds(probabilities), slope=self.slope, intercept=self.intercept)


@dataclass(frozen=True, slots=True, eq=False)
class IsotonicCalibrator:
    """A rising curve through the points (`x`, `y`), straight between them and level beyond them."""

    x: FloatArray
    y: FloatArray

    def __call__(self, probabilities: npt.ArrayLike) -> FloatArray:
        """Calibrate `probabilities` of any shape, in [0, 1]; NaN stays NaN."""
        return np.asarray(np.interp(np.asarray(probabilities, np.float64), self.x, self.y), np.float64)


Calibrator = SigmoidCalibrator | IsotonicCalibrator


def fit_calibrators(
    validation: ValidationPredictions, *, labels: Sequence[str], method: str
) -> dict[str, Calibrator | UndefinedMetric]:
    """One calibrator a label, by `method`, a name of `METHODS`.

    `UndefinedMetric` says why a label has none: an outcome is missing in validation, or its scores cannot be
    calibrated. Raises `UsageError` for an unknown method and for anything but `ValidationPredictions`.
    """
    fit = METHODS.get(method)
    if fit is None:
        raise UsageError(f"Unknown calibration {method!r}. Available: {', '.join(METHODS)}")
    found: dict[str, Calibrator | UndefinedMetric] = {}
    for label in labels:
        outcomes = checked_validation(validation).outcomes(label)
        undefined = outcomes.lacks_an_outcome()
        if undefined is None:
            try:
                found[label] = fit(outcomes)
            except DataError as error:  # such as scores that are all equal: the label is shown without, and why
                found[label] = UndefinedMetric(str(error), outcomes.n, outcomes.positives)
        else:
            found[label] = undefined
    return found


def _temperature(outcomes: Outcomes) -> Calibrator:
    fitted = fit_temperature(outcomes.truth, logits=log_odds(outcomes.scores))
    return SigmoidCalibrator(fitted.slope, fitted.intercept)


def _platt(outcomes: Outcomes) -> Calibrator:
    fitted = fit_platt(outcomes.truth, logits=log_odds(outcomes.scores))
    return SigmoidCalibrator(fitted.slope, fitted.intercept)


def _isotonic(outcomes: Outcomes) -> Calibrator:
    """The rising step curve nearest to the outcomes by squares, joined by straight lines.

    Rows of one score count as one point of their mean, weighted by their number. Scores that fall where the label comes
    are refused, for the nearest rising curve says nothing of them. Sources: Zadrozny and Elkan 2002; Busing 2022 for
    the algorithm in SciPy.
    """
    area = auroc(outcomes.truth, scores=outcomes.scores)
    x, place, count = np.unique(outcomes.scores, return_inverse=True, return_counts=True)
    share = np.bincount(place, weights=outcomes.truth) / count
    y = isotonic_regression(share, weights=count).x
    if y[0] == y[-1] or (isinstance(area, float) and area < 0.5):
        raise DataError(
            "The scores rank the wrong way round, or not at all, so no rising curve fits them; look at the scores and "
            "at what the truth calls positive"
        )
    step = np.diff(y) != 0
    corner = np.append(True, step) | np.append(step, True)
    return IsotonicCalibrator(x[corner], y[corner])


METHODS: dict[str, Callable[[Outcomes], Calibrator]] = {
    "temperature": _temperature,
    "platt": _platt,
    "isotonic": _isotonic,
}
"""Temperature scaling (Guo et al. 2017), Platt's sigmoid with his smoothed targets (1999), isotonic regression."""

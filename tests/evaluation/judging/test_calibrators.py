from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression

from fabricate_predictions import fabricate_predictions
from hilum.errors import UsageError
from hilum.evaluation.judging.calibrators import (
    Calibrator,
    IsotonicCalibrator,
    SigmoidCalibrator,
    fit_calibrators,
)
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.statistics.calibration import log_odds
from hilum.statistics.outcomes import UndefinedMetric

VALIDATION = fabricate_predictions(split="val", patients=150, seed=5)
NEW = np.linspace(0.0, 1.0, 201)


def fitted(method: str) -> tuple[Calibrator, np.ndarray, np.ndarray]:
    found = fit_calibrators(ValidationPredictions(VALIDATION), labels=["Effusion"], method=method)["Effusion"]
    assert not isinstance(found, UndefinedMetric)
    known = ~np.isnan(VALIDATION.truth[:, 1])
    return found, VALIDATION.truth[known, 1], VALIDATION.scores[known, 1]


def test_isotonic_is_scikit_learns() -> None:
    calibrator, truth, scores = fitted("isotonic")
    assert isinstance(calibrator, IsotonicCalibrator)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(scores, truth)
    np.testing.assert_allclose(calibrator(NEW), theirs.predict(NEW), atol=1e-12)
    assert calibrator.x.size < np.unique(scores).size  # only the corners are kept


def test_platt_is_scikit_learns_on_the_log_odds() -> None:
    calibrator, truth, scores = fitted("platt")
    assert isinstance(calibrator, SigmoidCalibrator)
    theirs = _SigmoidCalibration().fit(logit(scores.clip(1e-7, 1 - 1e-7)), truth)
    np.testing.assert_allclose(calibrator(NEW[1:-1]), theirs.predict(logit(NEW[1:-1])), atol=1e-5)


def test_temperature_is_the_most_likely() -> None:
    calibrator, truth, scores = fitted("temperature")
    assert isinstance(calibrator, SigmoidCalibrator)
    z = logit(scores.clip(1e-7, 1 - 1e-7))
    best = minimize_scalar(
        lambda slope: np.sum(np.logaddexp(0, slope * z) - truth * slope * z), bounds=(1e-3, 10), method="bounded",
        options={"xatol": 1e-9},
    )  # fmt: skip
    assert (calibrator.slope, calibrator.intercept) == (pytest.approx(best.x, rel=1e-5), 0.0)
    np.testing.assert_allclose(calibrator(NEW[1:-1]), expit(best.x * logit(NEW[1:-1])), atol=1e-5)


def test_probabilities_of_0_and_1_stay_finite_and_nan_stays_nan() -> None:
    assert np.isfinite(log_odds([0.0, 1.0])).all()
    assert log_odds(0.5) == 0.0
    for method in ("temperature", "platt", "isotonic"):
        values = fitted(method)[0]([np.nan, 0.0, 1.0])
        assert np.isnan(values[0])
        assert ((values[1:] >= 0) & (values[1:] <= 1)).all()


def test_a_label_that_cannot_be_calibrated_says_why() -> None:
    truth, scores = VALIDATION.truth.copy(), VALIDATION.scores.copy()
    truth[:, 0], scores[:, 1] = 0.0, 0.5
    found = fit_calibrators(
        ValidationPredictions(replace(VALIDATION, truth=truth, scores=scores)), labels=VALIDATION.labels, method="platt"
    )
    reasons = [value.reason for value in found.values() if isinstance(value, UndefinedMetric)]
    assert reasons[0] == "there are no positives"
    assert "All logits are the same" in reasons[1]


@pytest.mark.parametrize("method", ["temperature", "platt", "isotonic"])
def test_scores_that_rank_the_wrong_way_round_are_not_calibrated(method: str) -> None:
    turned = replace(VALIDATION, scores=1.0 - VALIDATION.scores)
    for label, found in fit_calibrators(ValidationPredictions(turned), labels=VALIDATION.labels, method=method).items():
        assert isinstance(found, UndefinedMetric), label
        assert "wrong way round" in found.reason


def test_isotonic_refuses_a_falling_tendency_though_its_curve_has_a_step() -> None:
    truth = np.array([0, 1, 1, 1, 0, 0, 0, 1] * 5, np.float64)[:, None]
    scores = np.tile(np.linspace(0.1, 0.9, 8), 5)[:, None]
    one = replace(VALIDATION.take(np.arange(40)), labels=("Effusion",), truth=truth, scores=scores, mean_labels=None)
    found = fit_calibrators(ValidationPredictions(one), labels=["Effusion"], method="isotonic")["Effusion"]
    assert isinstance(found, UndefinedMetric)


def test_unknown_method() -> None:
    with pytest.raises(UsageError, match=r"Unknown calibration 'beta'. Available: temperature, platt, isotonic"):
        fit_calibrators(ValidationPredictions(VALIDATION), labels=["Effusion"], method="beta")

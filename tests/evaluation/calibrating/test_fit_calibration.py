import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from fabricate_label_images import fabricate_label_images
from hilum.bundle.label import RAW
from hilum.errors import DataError
from hilum.evaluation.calibrating.fit_calibration import calibration_intervals, fit_calibration
from hilum.statistics.recalibration import recalibration


def by_scikit_learn(images):
    """Platt's smoothed targets as weights: each image counts as both outcomes, in shares."""
    positives = images.positives
    target = np.where(images.truth, (positives + 1) / (positives + 2), 1 / (images.n - positives + 2))
    fit = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000)
    outcomes = np.repeat([1, 0], images.n)
    fit.fit(np.tile(images.logits, 2)[:, None], outcomes, sample_weight=np.concatenate([target, 1 - target]))
    return fit.coef_[0, 0], fit.intercept_[0]


@pytest.mark.parametrize("slope", [0.2, 1.0, 30.0])
def test_slope_and_intercept_are_those_of_scikit_learn(slope):
    images = fabricate_label_images(slope=slope)
    fitted = fit_calibration(images, kept_slope=None)
    assert (fitted.slope, fitted.intercept) == pytest.approx(by_scikit_learn(images), rel=1e-4, abs=1e-4)


def test_the_intercept_alone_makes_the_mean_probability_the_share():
    images = fabricate_label_images(ill=22, well=50)
    fitted = fit_calibration(images, kept_slope=0.7)
    assert fitted.slope == 0.7
    assert fitted.probabilities(images.logits).mean() == pytest.approx(images.positives / images.n, rel=1e-9)


def test_a_calibration_that_would_turn_the_scores_round_is_refused():
    with pytest.raises(DataError, match="wrong way round"):
        fit_calibration(fabricate_label_images(apart=-2.0), kept_slope=None)


def test_the_interval_of_an_intercept_alone_is_that_of_calibration_in_the_large():
    images = fabricate_label_images(ill=25, well=60, each=3)
    fitted = fit_calibration(images, kept_slope=1.0)
    known = recalibration(
        images.truth, probabilities=RAW.probabilities(images.logits), patients=images.patients
    ).in_the_large
    found = calibration_intervals(images, calibration=fitted, slope_was_kept=True)
    assert found.slope is None
    assert fitted.intercept == pytest.approx(known.value, abs=1e-6)
    assert found.intercept == pytest.approx(known.interval, abs=1e-6)


def test_the_intervals_of_slope_and_intercept_are_those_of_a_clustered_regression():
    """Platt's targets of 1,200 images are nearly the outcomes, so that the lab's own fit is nearly the same."""
    images = fabricate_label_images(ill=300, well=300, each=2, slope=1.5)
    fitted = fit_calibration(images, kept_slope=None)
    known = recalibration(images.truth, probabilities=RAW.probabilities(images.logits), patients=images.patients)
    found = calibration_intervals(images, calibration=fitted, slope_was_kept=False)
    assert found.slope == pytest.approx(known.slope.interval, rel=0.03)
    assert found.intercept == pytest.approx(known.intercept.interval, abs=0.03)
    assert found.slope[0] < fitted.slope < found.slope[1]

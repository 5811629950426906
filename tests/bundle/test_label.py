"""Platt calibration against scipy's logistic function, once and only once."""

import math

import pytest
from scipy.special import expit

from hilum.bundle.label import PlattCalibration


@pytest.mark.parametrize("logit", [-1e4, -30.0, -1.0, 0.0, 0.5, 3.0, 1e4])
@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.3, -1.7), (5.0, 2.0)])
def test_it_is_the_logistic_function(logit: float, slope: float, intercept: float) -> None:
    calibration = PlattCalibration(slope=slope, intercept=intercept)
    assert calibration.probability(logit) == pytest.approx(float(expit(slope * logit + intercept)), abs=1e-15)


def test_one_sigmoid_only() -> None:
    identity = PlattCalibration(slope=1.0, intercept=0.0)
    assert identity.probability(math.log(0.9 / 0.1)) == pytest.approx(0.9, abs=1e-12)

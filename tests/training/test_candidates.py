import numpy as np
import pytest

from hilum.bundle.label import Label, PlattCalibration
from hilum.training.candidates import largest_difference


def label(slope, intercept):
    calibration = PlattCalibration(slope=slope, intercept=intercept)
    return Label(name="Nodule", calibration=calibration, operating_point=0.5, operating_point_rule="set by hand")


def test_the_difference_is_of_calibrated_probabilities_in_the_worst_label_and_picture():
    read = np.array([[0.0, 0.0], [1.0, 2.0]])
    expected = np.array([[0.0, 0.1], [1.0, 2.0]])
    assert largest_difference(read, read, labels=[label(1, 0), label(3, -1)]) == 0.0
    by_hand = 1 / (1 + np.exp(-(3 * 0.1 - 1))) - 1 / (1 + np.exp(1))
    assert largest_difference(read, expected, labels=[label(1, 0), label(3, -1)]) == pytest.approx(by_hand)

import numpy as np
import pytest
import torch

import hilum.networks  # noqa: F401  makes torchvision, which torchmetrics imports, importable
from hilum.errors import UsageError
from hilum.statistics.calibration_error import expected_calibration_error
from hilum.statistics.outcomes import UndefinedMetric


def test_by_hand() -> None:
    # two bins: [0, 0.5) holds 0.2, 0.4 with one positive of two, [0.5, 1] holds 0.5, 1.0 with two of two
    value = expected_calibration_error([0, 1, 1, 1], probabilities=[0.2, 0.4, 0.5, 1.0], bins=2)
    assert value == pytest.approx((2 * abs(0.3 - 0.5) + 2 * abs(0.75 - 1.0)) / 4)


def test_agrees_with_a_loop_over_bins() -> None:
    rng = np.random.default_rng(1)
    probabilities = rng.random(500)
    truth = rng.random(500) < probabilities**2
    expected = 0.0
    for i in range(15):
        rows = (probabilities >= i / 15) & (probabilities < (i + 1) / 15)
        if rows.any():
            expected += rows.mean() * abs(probabilities[rows].mean() - truth[rows].mean())
    assert expected_calibration_error(truth, probabilities=probabilities, bins=15) == pytest.approx(expected)


def test_agrees_with_torchmetrics() -> None:
    from torchmetrics.functional.classification import binary_calibration_error

    rng = np.random.default_rng(2)
    probabilities = rng.random(300)
    truth = rng.random(300) < probabilities
    expected = binary_calibration_error(torch.tensor(probabilities), torch.tensor(truth).int(), n_bins=10, norm="l1")
    assert expected_calibration_error(truth, probabilities=probabilities, bins=10) == pytest.approx(float(expected))


def test_no_truth_and_no_bins() -> None:
    assert isinstance(expected_calibration_error([None], probabilities=[0.5]), UndefinedMetric)
    with pytest.raises(UsageError, match="bin"):
        expected_calibration_error([1], probabilities=[0.5], bins=0)

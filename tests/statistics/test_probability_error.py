import numpy as np
import pytest
import torch
from sklearn.metrics import brier_score_loss

import hilum.networks  # noqa: F401  makes torchvision, which torchmetrics imports, importable
from hilum.errors import DataError, UsageError
from hilum.statistics.outcomes import UndefinedMetric
from hilum.statistics.probability_error import brier, expected_calibration_error


def test_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth, probabilities = rng.integers(0, 2, 200), rng.random(200)
    assert brier(truth, probabilities=probabilities) == pytest.approx(brier_score_loss(truth, probabilities))


def test_missing_truth_and_one_outcome() -> None:
    assert brier([1, None, 1], probabilities=[0.5, 0.1, 1.0]) == 0.125
    assert brier([None], probabilities=[0.1]) == UndefinedMetric("there are no rows with a known truth", 0, 0)


def test_logits_are_refused() -> None:
    with pytest.raises(DataError, match="probabilities"):
        brier([1, 0], probabilities=[2.0, 0.5])


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

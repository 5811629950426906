import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from hilum.errors import DataError
from hilum.statistics.brier import brier
from hilum.statistics.outcomes import UndefinedMetric


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

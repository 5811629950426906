import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from hilum.errors import DataError
from hilum.statistics.confusion import Confusion, confusion


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, scores = rng.integers(0, 2, 80), rng.integers(0, 5, 80) / 4
    table = confusion(truth, scores=scores, threshold=0.5)
    counts = (table.true_negatives, table.false_positives, table.false_negatives, table.true_positives)
    assert counts == tuple(confusion_matrix(truth, scores >= 0.5).ravel())


def test_a_score_at_the_threshold_is_positive_and_missing_truth_is_left_out() -> None:
    assert confusion([1, 0, None], scores=[0.5, 0.4, 0.9], threshold=0.5) == Confusion(1, 0, 1, 0)


def test_rows_of_a_kind_are_those_called_right_and_wrong() -> None:
    table = Confusion(true_positives=170, false_positives=12, true_negatives=104, false_negatives=6)
    assert (table.positives, table.negatives) == (176, 116)


def test_a_threshold_that_is_no_number_is_refused() -> None:
    with pytest.raises(DataError, match="NaN"):
        confusion([0, 1], scores=[0, 1], threshold=float("nan"))

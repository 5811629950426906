import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    precision_score,
    recall_score,
)

from hilum.errors import DataError
from hilum.statistics.confusion import Confusion, confusion
from hilum.statistics.outcomes import UndefinedMetric
from hilum.statistics.proportion import Proportion, wilson


def _value(share: Proportion | UndefinedMetric) -> float:
    assert isinstance(share, Proportion)
    return share.value


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, scores = rng.integers(0, 2, 80), rng.integers(0, 5, 80) / 4
    called = scores >= 0.5
    table = confusion(truth, scores=scores, threshold=0.5)
    counts = (table.true_negatives, table.false_positives, table.false_negatives, table.true_positives)
    assert counts == tuple(confusion_matrix(truth, called).ravel())
    assert _value(table.sensitivity) == pytest.approx(recall_score(truth, called))
    assert _value(table.specificity) == pytest.approx(recall_score(truth, called, pos_label=0))
    assert _value(table.positive_predictive_value) == pytest.approx(precision_score(truth, called))
    assert _value(table.negative_predictive_value) == pytest.approx(precision_score(truth, called, pos_label=0))
    assert _value(table.accuracy) == pytest.approx(accuracy_score(truth, called))
    assert table.balanced_accuracy == pytest.approx(balanced_accuracy_score(truth, called))
    assert table.f1 == pytest.approx(f1_score(truth, called))


def test_a_score_at_the_threshold_is_positive_and_missing_truth_is_left_out() -> None:
    assert confusion([1, 0, None], scores=[0.5, 0.4, 0.9], threshold=0.5) == Confusion(1, 0, 1, 0)


def test_interval_is_of_the_right_rows() -> None:
    table = Confusion(true_positives=170, false_positives=12, true_negatives=104, false_negatives=6)
    assert table.sensitivity == wilson(170, n=176)
    assert table.specificity == wilson(104, n=116)
    assert table.positive_predictive_value == wilson(170, n=182)
    assert table.negative_predictive_value == wilson(104, n=110)
    assert (table.n, table.positives, table.negatives) == (292, 176, 116)


def test_a_share_of_nothing_is_no_number() -> None:
    table = confusion([0, 0], scores=[0.1, 0.2], threshold=0.5)
    for share in (table.sensitivity, table.positive_predictive_value, table.balanced_accuracy, table.f1):
        assert isinstance(share, UndefinedMetric)
    assert _value(table.specificity) == 1.0
    assert isinstance(confusion([1], scores=[0.1], threshold=0.5).balanced_accuracy, UndefinedMetric)
    assert isinstance(confusion([None], scores=[0.1], threshold=0.5).accuracy, UndefinedMetric)


def test_a_threshold_that_is_no_number_is_refused() -> None:
    with pytest.raises(DataError, match="NaN"):
        confusion([0, 1], scores=[0, 1], threshold=float("nan"))

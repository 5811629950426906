import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from hilum.errors import DataError
from hilum.statistics.weighted import auroc_statistic, share_statistic


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=40))
def test_weighted_auroc_agrees_with_scikit_learn(rows: list[tuple[bool, int, int]]) -> None:
    truth, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    drawn = np.stack([weights, np.ones_like(weights)]).astype(np.int32)
    values = auroc_statistic(truth, scores=scores)(drawn)
    for value, weight in zip(values, drawn, strict=True):
        present = set(truth[weight > 0])
        if len(present) == 2:
            assert value == pytest.approx(roc_auc_score(truth, scores, sample_weight=weight), abs=1e-12)
        else:
            assert np.isnan(value)


def test_weighted_auroc_skips_missing_truth() -> None:
    statistic = auroc_statistic([1, None, 0, 0], scores=[0.5, 0.9, 0.1, 0.7])
    assert statistic(np.array([[1, 5, 1, 1], [2, 0, 3, 1]], np.int32)).tolist() == [0.5, 0.75]


def test_weighted_share_by_hand() -> None:
    statistic = share_statistic([True, False, False], trials=[True, True, False])
    values = statistic(np.array([[1, 1, 1], [3, 1, 9], [0, 2, 0], [0, 0, 4]], np.int32))
    np.testing.assert_array_equal(values, [0.5, 0.75, 0.0, np.nan])


def test_a_success_is_a_trial() -> None:
    with pytest.raises(DataError, match="every success a trial"):
        share_statistic([True, True], trials=[True, False])
    with pytest.raises(DataError, match="one shape"):
        share_statistic([True], trials=[True, False])

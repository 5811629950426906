import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from hilum.statistics.auroc import auroc
from hilum.statistics.outcomes import UndefinedMetric


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=60))
def test_agrees_with_scikit_learn_with_ties(rows: list[tuple[bool, int]]) -> None:
    truth, scores = [row[0] for row in rows], [row[1] for row in rows]
    value = auroc(truth, scores=scores)
    if len(set(truth)) == 2:
        assert value == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
    else:
        assert isinstance(value, UndefinedMetric)
        assert value.n == len(rows)


def test_counts_pairs_by_hand() -> None:
    # pairs: (3 against 1) won, (3 against 2) won, (2 against 1) won, (2 against 2) tied
    assert auroc([0, 0, 1, 1], scores=[1, 2, 3, 2]) == 3.5 / 4


def test_missing_truth_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    truth, scores = rng.integers(0, 2, 50).astype(float), rng.normal(size=50)
    with_missing = np.concatenate([truth, [np.nan] * 5])
    assert auroc(with_missing, scores=np.concatenate([scores, [np.nan] * 5])) == auroc(truth, scores=scores)


def test_lack_of_an_outcome_is_no_number() -> None:
    assert auroc([1, 1, None], scores=[0.1, 0.2, 0.3]) == UndefinedMetric("there are no negatives", 2, 2)

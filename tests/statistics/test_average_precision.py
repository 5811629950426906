import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from hilum.statistics.average_precision import average_precision
from hilum.statistics.outcomes import UndefinedMetric


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=60))
def test_agrees_with_scikit_learn_with_ties(rows: list[tuple[bool, int]]) -> None:
    truth, scores = [row[0] for row in rows], [row[1] for row in rows]
    value = average_precision(truth, scores=scores)
    if len(set(truth)) == 2:
        assert value == pytest.approx(average_precision_score(truth, scores), abs=1e-12)
    else:
        assert isinstance(value, UndefinedMetric)


def test_one_score_for_all_gives_the_prevalence() -> None:
    assert average_precision([1, 0, 0, 0, None], scores=[0.5] * 5) == 0.25

import numpy as np
import pytest

from hilum.errors import DataError
from hilum.statistics.outcomes import known_outcomes, known_patients, known_probabilities


def test_missing_truth_is_left_out_and_its_score_is_not_looked_at() -> None:
    outcomes = known_outcomes([1, None, 0, float("nan"), True], scores=[0.5, np.nan, 0.25, np.inf, 1.0])
    assert outcomes.truth.tolist() == [True, False, True]
    assert outcomes.scores.tolist() == [0.5, 0.25, 1.0]
    assert outcomes.rows.tolist() == [0, 2, 4]
    assert (outcomes.n, outcomes.positives) == (3, 2)
    assert outcomes.lacks_an_outcome() is None


@pytest.mark.parametrize(
    ("truth", "reason", "n", "positives"),
    [
        ([], "rows with a known truth", 0, 0),
        ([None], "rows with", 0, 0),
        ([1, 1], "negatives", 2, 2),
        ([0], "positives", 1, 0),
    ],
)
def test_what_is_missing_is_named(truth: list[float | None], reason: str, n: int, positives: int) -> None:
    undefined = known_outcomes(truth, scores=[0.5] * len(truth)).lacks_an_outcome()
    assert undefined is not None
    assert reason in undefined.reason
    assert (undefined.n, undefined.positives) == (n, positives)


@pytest.mark.parametrize(
    ("truth", "scores"),
    [
        ([0, 1], [0.5]),
        ([[0, 1]], [[0.5, 0.5]]),
        ([0, -1], [0.5, 0.5]),
        ([0, 0.9], [0.5, 0.5]),
        ([0, 1], [0.5, np.nan]),
        ([0, 1], [0.5, np.inf]),
    ],
)
def test_malformed_input_is_refused(truth: list[float], scores: list[float]) -> None:
    with pytest.raises(DataError, match=r"must have one shape|other than 0, 1 and missing|NaN or infinite"):
        known_outcomes(truth, scores=scores)


def test_logits_are_not_taken_for_probabilities() -> None:
    with pytest.raises(DataError, match=r"outside \[0, 1\]"):
        known_probabilities([0, 1], probabilities=[0.2, 1.5])
    assert known_probabilities([0, 1], probabilities=[0.0, 1.0]).n == 2


def test_the_patients_of_known_rows_are_numbered_in_the_order_of_their_names() -> None:
    truth = [1, None, 0, 1]
    outcomes = known_outcomes(truth, scores=[0.1, 0.2, 0.3, 0.4])
    assert known_patients(["b", "z", "a", "b"], truth=truth, outcomes=outcomes).tolist() == [1, 0, 1]
    with pytest.raises(DataError, match=r"one patient a row, shape \(4,\), not \(3,\)"):
        known_patients(["b", "z", "a"], truth=truth, outcomes=outcomes)
    nobody = known_outcomes([None], scores=[0.1])
    assert known_patients(["a"], truth=[None], outcomes=nobody).tolist() == []

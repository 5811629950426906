from dataclasses import replace

import numpy as np
import pytest

from fabricate_predictions import fabricate_predictions
from hilum.errors import DataError
from hilum.evaluation.many_predictions import ManyPredictions

A = fabricate_predictions(missing=0.0)
B = fabricate_predictions(missing=0.0, strength=0.5)
C = fabricate_predictions(missing=0.0, strength=0.2)


def test_any_number_of_models_with_one_truth() -> None:
    many = ManyPredictions(("a", "b", "c"), (A, B, C))
    truth, scores = many.column("Effusion")
    assert np.array_equal(truth, A.truth[:, 1])
    assert list(scores) == ["a", "b", "c"]
    assert np.array_equal(scores["c"], C.scores[:, 1])
    assert many.first is A
    assert many.of("b") is B


def test_rows_are_taken_of_all() -> None:
    rows = np.array([5, 2])
    some = ManyPredictions(("a", "b"), (A, B)).take(rows)
    assert [one.image for one in some.predictions] == [(A.image[5], A.image[2])] * 2
    assert np.array_equal(some.of("b").scores, B.scores[rows])


def test_what_differs_is_refused() -> None:
    turned = replace(B, truth=1 - B.truth)
    for other, what in ((B.take(np.arange(B.n)[::-1]), "one image"), (turned, "one truth")):
        with pytest.raises(DataError, match=f"expected {what} in the predictions of a and b"):
            ManyPredictions(("a", "b"), (A, other))
    with pytest.raises(DataError, match="another name for each model, came a, a"):
        ManyPredictions(("a", "a"), (A, B))
    with pytest.raises(DataError, match="a name for each of 2 models, came 1"):
        ManyPredictions(("a",), (A, B))

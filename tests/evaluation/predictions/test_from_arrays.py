"""Predictions from arrays."""

import numpy as np
import pytest

from hilum.errors import DataError
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.predictions.from_arrays import as_predictions
from hilum.evaluation.predictions.validation import ValidationPredictions

RNG = np.random.default_rng(2)
TRUTH = (RNG.random(120) < 0.4).astype(int)
SCORES = np.clip(0.3 + 0.3 * TRUTH + RNG.normal(0, 0.15, 120), 0, 1)


def test_arrays_of_one_label_are_judged_with_points_from_validation():
    judged = as_predictions(TRUTH[:80], SCORES[:80], protocol="made up", patient=list(range(80)))
    chosen = as_predictions(
        TRUTH[80:], SCORES[80:], protocol="made up", patient=[f"v{row}" for row in range(40)], split="validation"
    )
    (label,) = judge(judged, validation=ValidationPredictions(chosen), replicates=100).whole.labels
    assert label.label == "Finding"
    assert label.decisions is not None
    low, high = label.auroc.interval
    assert low < label.auroc.value < high


def test_without_patients_each_row_counts_as_one():
    both = np.stack([TRUTH, 1 - TRUTH], axis=1)
    found = as_predictions(both, np.stack([SCORES, 1 - SCORES], axis=1), protocol="made up", labels=("Mass", "Edema"))
    assert not found.patients_known
    assert found.patient == found.image
    assert found.image[:2] == ("judged 1", "judged 2")
    assert found.labels == ("Mass", "Edema")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scores": SCORES[:5]}, r"truth has the shape \(120, 1\) and scores \(5, 1\)"),
        ({"truth": np.ones((120, 2)), "scores": np.ones((120, 2))}, "2 columns without names"),
        ({"labels": ("a", "b")}, "1 columns and 2 labels"),
        ({"patient": ["a"]}, "120 rows and 1 names in patient"),
        ({"truth": ["yes"] * 120}, "truth holds something else than numbers"),
        ({"scores": SCORES + 5}, "Finding"),
        ({"truth": np.ones((2, 2, 2))}, "give .images,. or .images, labels."),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(DataError, match=message):
        as_predictions(**({"truth": TRUTH, "scores": SCORES, "protocol": "made up"} | changes))

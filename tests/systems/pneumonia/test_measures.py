import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, recall_score

from fabricate_one_label import predictions_of_one_label as predictions
from hilum.systems.pneumonia.measures import accuracy_difference, measures, right


def test_shares_are_scikit_learns_at_a_probability_of_one_half():
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 2, 200)
    scores = np.clip(0.5 + 0.3 * (truth - 0.4) + draw.normal(0, 0.2, 200), 0.01, 0.99)
    found = measures(predictions(truth, scores))
    called = scores >= 0.5
    assert found.accuracy.value == pytest.approx(accuracy_score(truth, called))
    assert found.balanced_accuracy.value == pytest.approx(balanced_accuracy_score(truth, called))
    assert found.sensitivity.value == pytest.approx(recall_score(truth, called))
    assert found.specificity.value == pytest.approx(recall_score(truth, called, pos_label=0))
    assert found.accuracy.interval[0] < found.accuracy.value < found.accuracy.interval[1]
    assert (found.n, found.table.positives) == (200, truth.sum())


def test_probabilities_that_are_too_high_and_too_extreme_say_so():
    draw = np.random.default_rng(1)
    logit = draw.normal(0, 1.5, 4000)
    truth = (draw.random(4000) < 1 / (1 + np.exp(-logit))).astype(float)
    stated = 1 / (1 + np.exp(-(2 * logit + 1)))
    found = measures(predictions(truth, stated))
    assert found.slope.value == pytest.approx(0.5, abs=0.05)
    assert found.in_the_large.value < -0.3
    good = measures(predictions(truth, 1 / (1 + np.exp(-logit))))
    assert good.slope.value == pytest.approx(1.0, abs=0.1)
    assert good.in_the_large.value == pytest.approx(0.0, abs=0.1)


def test_a_network_that_calls_everyone_ill_has_no_calibration_slope_but_shares():
    found = measures(predictions([1, 1, 0, 0], [0.9, 0.9, 0.9, 0.9]))
    assert (found.sensitivity.value, found.specificity.value, found.slope) == (1.0, 0.0, None)
    assert np.array_equal(right(predictions([1, 1, 0, 0], [0.9, 0.5, 0.5, 0.49])), [1, 1, 0, 1])


def test_two_accuracies_are_compared_on_the_same_images():
    truth = [1] * 6 + [0] * 6
    first = predictions(truth, [0.9] * 6 + [0.1] * 6)
    second = predictions(truth, [0.9] * 6 + [0.1] * 3 + [0.9] * 3)
    found = accuracy_difference(first, second=second)
    assert found.difference.value == pytest.approx(3 / 12)
    assert (found.first_only, found.second_only) == (3, 0)

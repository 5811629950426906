import sys

import numpy as np
import pytest

from hilum.errors import DataError, UsageError
from hilum.systems.pneumonia.smote import check_smote, fitted_head, standardised, with_synthetic


def test_without_the_package_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "imblearn.over_sampling", None)
    with pytest.raises(UsageError, match="not installed; pip install imbalanced-learn"):
        check_smote()


def test_synthetic_vectors_lie_between_two_of_the_rarer_class_until_both_are_as_many():
    draw = np.random.default_rng(0)
    few, many = draw.normal(0, 1, (8, 3)), draw.normal(5, 1, (20, 3))
    vectors, classes = np.concatenate([many, few]), np.array([1] * 20 + [0] * 8)
    more, labels = with_synthetic(vectors, classes=classes, seed=3)
    assert np.bincount(labels).tolist() == [20, 20]
    assert np.array_equal(more[:28], vectors)
    for made in more[28:]:
        # on the line from one to another: the distances to both add up to that between them
        there = np.linalg.norm(few - made, axis=1)
        between = np.linalg.norm(few[:, None] - few[None], axis=2)
        assert np.abs(there[:, None] + there[None] - between).min() < 1e-9
    again, _ = with_synthetic(vectors, classes=classes, seed=3)
    assert np.array_equal(again, more)
    with pytest.raises(DataError, match="two images of each class"):
        with_synthetic(vectors[19:21], classes=np.array([1, 0]), seed=3)


def test_features_are_scaled_by_the_training_part_alone():
    train = np.array([[1.0, 4.0], [3.0, 4.0]])
    found = standardised({"train": train, "test": np.array([[5.0, 9.0]])}, on="train")
    assert np.array_equal(found["train"], [[-1.0, 0.0], [1.0, 0.0]])
    assert np.array_equal(found["test"], [[3.0, 0.0]])


def test_the_head_is_a_penalised_logistic_regression():
    x = np.array([[-1.0], [-0.5], [0.5], [1.0]])
    y = np.array([0, 0, 1, 1])
    head = fitted_head(x, classes=y)
    weight = float(head.coef_[0, 0])
    # the gradient of C times the cross-entropy plus half the weight squared is 0
    residual = 1 / (1 + np.exp(-(weight * x[:, 0] + head.intercept_[0]))) - y
    assert 0.01 * float(residual @ x[:, 0]) + weight == pytest.approx(0.0, abs=1e-4)

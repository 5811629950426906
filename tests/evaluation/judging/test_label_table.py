import numpy as np
import pytest
from sklearn.metrics import average_precision_score, balanced_accuracy_score, recall_score, roc_auc_score

from hilum.errors import DataError
from hilum.evaluation.judging.label_table import LabelScores, label_table


def scores(n=400, *, seed=0, truth=None):
    draw = np.random.default_rng(seed)
    truth = (draw.random(n) < 0.4).astype(float) if truth is None else truth
    probability = np.clip(draw.normal(0.4 + 0.2 * truth, 0.2), 0, 1)
    return LabelScores(
        truth=truth,
        probability=probability,
        patient=[f"p{i // 3}" for i in range(n)],
        baseline=draw.normal(0.3 * truth, 1.0),
    )


def test_values_are_those_of_scikit_learn():
    data = scores()
    table = label_table(data, operating_point=0.5)
    called = data.probability >= 0.5
    assert (table.n, table.positives, table.patients) == (400, int(data.truth.sum()), 134)
    assert table.auroc.value == pytest.approx(roc_auc_score(data.truth, data.probability))
    assert table.average_precision == pytest.approx(average_precision_score(data.truth, data.probability))
    assert table.sensitivity.value == pytest.approx(recall_score(data.truth, called))
    assert table.specificity.value == pytest.approx(recall_score(data.truth, called, pos_label=0))
    assert table.balanced_accuracy.value == pytest.approx(balanced_accuracy_score(data.truth, called))
    assert table.baseline_auroc.value == pytest.approx(roc_auc_score(data.truth, data.baseline))


def test_intervals_hold_the_value_and_narrow_with_more_patients():
    few, many = (label_table(scores(n), operating_point=0.5) for n in (100, 3000))
    for table in (few, many):
        for estimate in (table.auroc, table.sensitivity, table.specificity, table.balanced_accuracy):
            assert estimate.interval[0] < estimate.value < estimate.interval[1]
    assert np.diff(many.auroc.interval) < 0.4 * np.diff(few.auroc.interval)


def test_a_set_with_one_outcome_has_no_table():
    with pytest.raises(DataError, match="there are no negatives among 50 images"):
        label_table(scores(50, truth=np.ones(50)), operating_point=0.5)

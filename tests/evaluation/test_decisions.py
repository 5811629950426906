from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, precision_score, recall_score, roc_curve

from fabricate_predictions import fabricate_predictions
from hilum.errors import UsageError
from hilum.evaluation.decisions import AT_PREVALENCE, MEASURES, decision_table, operating_points
from hilum.evaluation.patient_bootstrap import patient_bootstrap, patient_rows
from hilum.evaluation.validation import ValidationPredictions
from hilum.statistics.operating_point import OperatingPoint
from hilum.statistics.outcomes import UndefinedMetric

JUDGED = fabricate_predictions(missing=0.0)
VALIDATION = fabricate_predictions(split="val", first_patient=500, seed=1, missing=0.0)
CHOSEN_ON = ValidationPredictions(VALIDATION)


def test_points_come_from_validation() -> None:
    points = operating_points(CHOSEN_ON, labels=JUDGED.labels, sensitivity=None)
    assert list(points) == ["Atelectasis", "Effusion"]
    for column, point in enumerate(points.values()):
        assert isinstance(point, OperatingPoint)
        false, true, _ = roc_curve(VALIDATION.truth[:, column], VALIDATION.scores[:, column])
        assert point.sensitivity + point.specificity - 1 == pytest.approx((true - false).max())


def test_a_set_sensitivity_is_reached_on_validation() -> None:
    for point in operating_points(CHOSEN_ON, labels=JUDGED.labels, sensitivity=0.95).values():
        assert isinstance(point, OperatingPoint)
        assert point.sensitivity >= 0.95
        assert "0.95" in point.rule


def test_measures_agree_with_scikit_learn() -> None:
    point = operating_points(CHOSEN_ON, labels=JUDGED.labels, sensitivity=None)["Effusion"]
    assert isinstance(point, OperatingPoint)
    patients = patient_rows(JUDGED.patient)
    truth, scores = JUDGED.truth[:, 1], JUDGED.scores[:, 1]
    table = decision_table(truth, scores=scores, point=point, patients=patients, prevalence=None)
    draws = patient_bootstrap([table.statistic], patients=patients, replicates=30, seed=0)[0]
    decisions = table.decisions(draws)
    called = scores >= point.threshold

    def expected(weights: np.ndarray) -> list[float]:
        with_weights = {"sample_weight": weights}
        return [
            recall_score(truth, called, **with_weights),
            recall_score(1 - truth, ~called, **with_weights),
            precision_score(truth, called, **with_weights),
            precision_score(1 - truth, ~called, **with_weights),
            f1_score(truth, called, **with_weights),
            balanced_accuracy_score(truth, called, **with_weights),
        ]

    values = [value.value for value in decisions.measures.values() if value is not None]
    assert list(decisions.measures) == list(MEASURES)
    assert values == pytest.approx(expected(np.ones(truth.size)))
    drawn = patient_bootstrap([lambda d: d.astype(float)], patients=patients, replicates=30, seed=0)[0]
    for replicate in range(30):
        assert draws[:, replicate] == pytest.approx(expected(drawn[patients.index, replicate]))


def test_predictive_values_at_a_stated_prevalence_by_hand() -> None:
    # sensitivity 3/4, specificity 4/5; at 10 %: PPV = .075 / (.075 + .18), NPV = .72 / (.72 + .025)
    truth = np.array([1.0] * 4 + [0.0] * 5)
    scores = np.array([0.9, 0.8, 0.7, 0.2, 0.6, 0.1, 0.1, 0.1, 0.1])
    point = OperatingPoint(0.5, 1.0, 1.0, 2, 1, "by hand")
    patients = patient_rows([str(i) for i in range(9)])
    table = decision_table(truth, scores=scores, point=point, patients=patients, prevalence=0.1)
    found = table.decisions(np.zeros((8, 10))).measures
    ppv, npv = (found[name] for name in AT_PREVALENCE)
    assert ppv is not None
    assert npv is not None
    assert (ppv.value, npv.value) == pytest.approx((0.075 / 0.255, 0.72 / 0.745))


def test_a_share_of_nothing_has_no_value() -> None:
    point = OperatingPoint(0.5, 1.0, 1.0, 2, 1, "by hand")
    patients = patient_rows(["a", "b"])
    table = decision_table(np.zeros(2), scores=np.full(2, 0.1), point=point, patients=patients, prevalence=0.5)
    found = table.decisions(np.zeros((8, 10))).measures
    missing = {name for name, value in found.items() if value is None}
    assert missing == {"sensitivity", "ppv", "f1", "balanced_accuracy", *AT_PREVALENCE}


@pytest.mark.parametrize("prevalence", [0.0, 1.0, -0.1, float("nan")])
def test_impossible_prevalence(prevalence: float) -> None:
    point = OperatingPoint(0.5, 1.0, 1.0, 2, 1, "by hand")
    with pytest.raises(UsageError, match="prevalence between 0 and 1"):
        decision_table(
            np.zeros(1), scores=np.zeros(1), point=point, patients=patient_rows(["a"]), prevalence=prevalence
        )


def test_validation_without_both_outcomes_gives_a_reason() -> None:
    truth = VALIDATION.truth.copy()
    truth[:, 0] = 0.0
    points = operating_points(
        ValidationPredictions(replace(VALIDATION, truth=truth)), labels=JUDGED.labels, sensitivity=None
    )
    assert isinstance(points["Atelectasis"], UndefinedMetric)
    assert isinstance(points["Effusion"], OperatingPoint)

from dataclasses import replace

import pytest

from fabricate_predictions import fabricate_predictions
from hilum.errors import DataError, UsageError
from hilum.evaluation.comparing.model_points import points_from_validation, stated_points
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.statistics.operating_point import OperatingPoint, point_at_sensitivity, youden_point
from hilum.statistics.outcomes import UndefinedMetric

JUDGED = fabricate_predictions()
THERE = fabricate_predictions(split="val", first_patient=900, seed=4)
LABELS = ("Effusion", "Mass")


def test_points_are_those_of_validation():
    found = points_from_validation(ValidationPredictions(THERE), judged=JUDGED)
    assert found.points["Effusion"] == youden_point(THERE.truth[:, 1], scores=THERE.scores[:, 1])
    assert found.source == "greatest Youden index, on validation: made-up patients, one split"
    set_high = points_from_validation(ValidationPredictions(THERE), judged=JUDGED, sensitivity=0.9)
    asked = point_at_sensitivity(THERE.truth[:, 1], scores=THERE.scores[:, 1], sensitivity=0.9)
    assert set_high.points["Effusion"] == asked
    assert points_from_validation(ValidationPredictions(replace(THERE, smoke=True)), judged=JUDGED).smoke


def test_points_never_come_from_what_is_compared():
    same = ValidationPredictions(replace(JUDGED, split=("val",) * JUDGED.n))
    with pytest.raises(DataError, match="shares patients"):
        points_from_validation(same, judged=JUDGED)
    with pytest.raises(UsageError, match="ValidationPredictions"):
        points_from_validation(JUDGED, judged=JUDGED)


def test_a_label_without_an_outcome_on_validation_has_a_reason():
    truth = THERE.truth.copy()
    truth[:, 0] = 0.0
    found = points_from_validation(ValidationPredictions(replace(THERE, truth=truth)), judged=JUDGED)
    assert isinstance(found.points["Atelectasis"], UndefinedMetric)


def test_stated_thresholds():
    found = stated_points({"": 0.5, "Mass": 0.3}, labels=LABELS)
    thresholds = {name: one.threshold for name, one in found.points.items() if isinstance(one, OperatingPoint)}
    assert thresholds == {"Effusion": 0.5, "Mass": 0.3}
    assert stated_points({"Pleural Effusion": 0.4, "Mass": 0.3}, labels=LABELS).points["Effusion"].threshold == 0.4
    with pytest.raises(DataError, match="No threshold is given for Effusion"):
        stated_points({"Mass": 0.3}, labels=LABELS)
    with pytest.raises(DataError, match=r"No label is called Nodule\. Available: Effusion, Mass"):
        stated_points({"": 0.5, "Nodule": 0.3}, labels=LABELS)
    for value in (0.0, -0.5, 1.5, float("nan")):
        with pytest.raises(UsageError, match="A threshold is a probability above 0"):
            stated_points({"": value}, labels=LABELS)

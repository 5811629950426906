"""What the card itself refuses."""

import pytest
from pydantic import ValidationError

from fabricate_bundle import ToyBundle
from hilum.bundle.card import Card
from hilum.bundle.label import PlattCalibration


def test_an_operating_point_and_a_split_may_be_unknown():
    card = ToyBundle(operating_point=None).card()
    training = card.training.model_copy(update={"split_sha256": None})
    unknown = card.model_copy(update={"training": training})
    assert Card.model_validate_json(unknown.model_dump_json(by_alias=True)) == unknown


def test_no_calibration_changes_nothing():
    assert PlattCalibration(method="none", slope=1.0, intercept=0.0).slope == 1.0
    for slope, intercept in ((2.0, 0.0), (1.0, 0.5)):
        with pytest.raises(ValidationError, match="slope 1 and intercept 0"):
            PlattCalibration(method="none", slope=slope, intercept=intercept)

"""Where somebody calibrated a model: written where somebody did, and nowhere else."""

import pytest
from pydantic import ValidationError

from fabricate_bundle import ToyBundle
from hilum.bundle.calibrated_on import CalibratedOn
from hilum.bundle.card import Card
from hilum.bundle.save import card_bytes

ON = {
    "date": "2026-01-02",
    "command": "hilum models calibrate toy --data table=hospital",
    "by": None,
    "hilum_version": "0.1.0",
    "commit": None,
    "data": ["hospital: 3 images of 2 patients, read as table"],
    "data_sha256": "a" * 64,
    "images": 3,
    "patients": 2,
    "left_out": [],
    "rule": "greatest Youden index",
    "labels": ["Pneumonia"],
    "from_name": "toy",
    "from_version": "1.0.0",
    "from_sha256": "b" * 64,
}


def test_a_card_holds_it_only_where_somebody_calibrated() -> None:
    card = ToyBundle().card()
    assert b"calibrated_on" not in card_bytes(card)
    calibrated = card.changed({"calibrated_on": CalibratedOn.model_validate(ON)})
    assert Card.model_validate_json(card_bytes(calibrated)) == calibrated


@pytest.mark.parametrize(("field", "wrong"), [("date", "2. 1. 2026"), ("images", 0), ("data_sha256", "abc")])
def test_what_it_cannot_say(field: str, wrong: object) -> None:
    with pytest.raises(ValidationError, match=field):
        CalibratedOn.model_validate(ON | {field: wrong})

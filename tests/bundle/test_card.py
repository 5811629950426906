"""What the card itself refuses."""

import pytest
from pydantic import ValidationError

from fabricate_bundle import ToyBundle
from hilum.bundle.card import Card, Compression, HeatmapSpec, OcclusionSpec, Scope
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


def test_the_usual_tolerance_is_not_written_and_another_one_survives():
    """A hilum that does not know the field must still read a card that says nothing unusual."""
    usual = Scope(xray_type="chest", age_years=(1.0, 5.0), views=("AP",))
    assert usual.model_dump(mode="json") == {"xray_type": "chest", "age_years": [1.0, 5.0], "views": ["AP"]}
    assert Scope.model_validate(usual.model_dump()) == usual
    assert usual.unknown_tolerated == ("modality", "view")
    strict = usual.model_copy(update={"unknown_tolerated": ()})
    card = ToyBundle(scope=strict).card()
    assert Card.model_validate_json(card.model_dump_json(by_alias=True)).scope == strict


def test_a_heatmap_by_occlusion_says_what_is_hidden_and_no_other_does():
    spec = HeatmapSpec(method="occlusion", occlusion=OcclusionSpec(cells=10, square=2))
    assert HeatmapSpec.model_validate_json(spec.model_dump_json()) == spec
    assert "occlusion" not in HeatmapSpec(method="class-map").model_dump(), "an older hilum still reads such a card"
    with pytest.raises(ValueError, match="needs occlusion"):
        HeatmapSpec(method="occlusion")
    with pytest.raises(ValueError, match="has no occlusion"):
        HeatmapSpec(method="none", occlusion=OcclusionSpec())
    with pytest.raises(ValueError, match="does not fit"):
        OcclusionSpec(cells=2, square=3)


def test_a_card_without_a_count_of_changed_decisions_stays_as_it_was() -> None:
    fields = {"method": "float16 weights", "auroc_before": 0.9, "auroc_after": 0.9}
    assert Compression.model_validate(fields).model_dump() == fields
    counted = Compression.model_validate({**fields, "decisions_changed": 0.01})
    assert counted.model_dump() == {**fields, "decisions_changed": 0.01}

"""Platt calibration against scipy's logistic function, once and only once."""

import math

import pytest
from pydantic import ValidationError
from scipy.special import expit

from hilum.bundle.label import Label, LabelFit, PlattCalibration


@pytest.mark.parametrize("logit", [-1e4, -30.0, -1.0, 0.0, 0.5, 3.0, 1e4])
@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.3, -1.7), (5.0, 2.0)])
def test_it_is_the_logistic_function(logit: float, slope: float, intercept: float) -> None:
    calibration = PlattCalibration(slope=slope, intercept=intercept)
    assert calibration.probability(logit) == pytest.approx(float(expit(slope * logit + intercept)), abs=1e-15)


def test_one_sigmoid_only() -> None:
    identity = PlattCalibration(slope=1.0, intercept=0.0)
    assert identity.probability(math.log(0.9 / 0.1)) == pytest.approx(0.9, abs=1e-12)


def label(**changes: object) -> Label:
    fields = {"name": "Mass", "calibration": {"slope": 1.0, "intercept": 0.0}, "operating_point_rule": "by hand"}
    return Label.model_validate(fields | {"operating_point": None} | changes)


def test_a_label_that_is_not_reliable_says_why_and_has_no_operating_point() -> None:
    refused = label(not_reliable="only 3 images with it")
    assert refused.why_not_reliable == "not reliable here: only 3 images with it"
    assert Label.model_validate_json(refused.model_dump_json()) == refused
    with pytest.raises(ValidationError, match="must have no operating point"):
        label(not_reliable="only 3 images with it", operating_point=0.5)


def test_of_any_other_label_nothing_is_written_that_an_older_hilum_does_not_know() -> None:
    assert label(operating_point=0.5).why_not_reliable is None
    assert "not_reliable" not in label(operating_point=0.5).model_dump()


def test_a_view_in_which_a_label_is_not_decided_is_named_with_the_reason() -> None:
    weak = label(operating_point=0.5, not_reliable_in=({"view": "AP", "why": "4 of 500 images with it"},))
    assert weak.why_not_in("AP") == "not reliable here: 4 of 500 images with it"
    assert weak.why_not_in("PA") is weak.why_not_in("unknown") is None
    assert Label.model_validate_json(weak.model_dump_json()) == weak
    assert weak.how_decided != label(operating_point=0.5).how_decided
    assert "not_reliable_in" not in label(operating_point=0.5).model_dump()
    with pytest.raises(ValidationError, match="must name no view"):
        label(not_reliable_in=({"view": "AP", "why": "few"},))


def test_how_a_label_was_fitted_is_written_only_where_it_is_known() -> None:
    plain = Label(
        name="Edema",
        calibration=PlattCalibration(slope=1.0, intercept=0.0),
        operating_point=None,
        operating_point_rule="none",
    )
    assert "fit" not in plain.model_dump()
    fit = LabelFit(
        n=9,
        positives=4,
        ill_patients=3,
        well_patients=5,
        fitted="slope and intercept",
        slope_ci=(0.5, 1.5),
        intercept_ci=None,
        operating_point_ci=(0.1, 0.4),
    )
    fitted = plain.changed({"fit": fit})
    assert Label.model_validate_json(fitted.model_dump_json()) == fitted
    assert Label.model_validate_json(plain.model_dump_json()) == plain

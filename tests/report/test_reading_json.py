"""The JSON of a reading: exact, finite, and what the published schema says."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from hilum.errors import EngineError
from hilum.geometry import Box
from hilum.radiograph import StoredGrid
from hilum.reading_result import NotDecided, RatioWithheld, StoodAside
from hilum.report.reading_json import failure_to_json, reading_to_json
from hilum.report.schema import reading_schema
from hilum.stated import Stated

SHA = "0123456789abcdef" * 4


def test_the_whole_object_is_the_documented_one(lung_reading):
    assert reading_to_json(lung_reading) == {
        "schema": "hilum.reading/1",
        "hilum": {"version": "0.1.0", "settings_sha256": SHA},
        "source": {
            "name": "scans/phantom_thorax.dcm",
            "sha256": SHA,
            "format": "DICOM",
            "rows": 300,
            "columns": 240,
            "frame": None,
            "spacing_mm": [1.4, 1.25],
            "study_uid": "1.2.3",
            "instance_uid": "1.2.3.4",
            "stored": None,
        },
        "patient": {"age_years": 4.0, "sex": "F"},
        "stated": {"age_years": None, "sex": "unknown", "view": "unknown", "type": None, "assume_scope": False},
        "view": "AP",
        "laterality": "unknown",
        "gate": {
            "status": "accepted",
            "accepted": True,
            "reason": "looks like a chest radiograph",
            "is_xray": {"probability": 0.9987},
            "type": {
                "name": "chest",
                "probability": 0.971,
                "all": {"chest": 0.971, "shoulder": 0.02, "spine": 0.009},
            },
            "candidates": [],
            "state": [],
            "view": {"name": None, "all": {}},
        },
        "read_inverted": False,
        "lungs": {
            "model": {"name": "lungs-test", "version": "1.0.0", "sha256": SHA},
            "box": [20.0, 30.0, 200.0, 240.25],
            "trusted": True,
            "quality": 0.9512,
            "area_shares": {"right": 0.25, "left": 0.125, "both": 0.375, "heart": None},
            "definition": "whole",
            "flags": ["child"],
            "reason": "both lungs were drawn; this is a child's chest",
        },
        "cardiothoracic_ratio": None,
        "crops": [{"model": "chest-test", "box": [20.0, 30.0, 200.0, 241.0]}],
        "lung_averages": [],
        "findings": [
            {
                "model": "chest-test",
                "name": "Effusion",
                "logit": -3.5,
                "probability": 0.0293,
                "operating_point": 0.31,
                "positive": False,
                "boxes": [],
                "in_scope": True,
                "inside_lungs": None,
                "heatmap": None,
                "unknown": [],
                "not_decided": None,
                "members": [],
                "members_disagree": None,
            },
            {
                "model": "chest-test",
                "name": "Pneumonia",
                "logit": 2.125,
                "probability": 0.8731234,
                "operating_point": 0.425,
                "positive": True,
                "boxes": [[60.0, 90.0, 80.0, 120.0]],
                "in_scope": True,
                "inside_lungs": 0.8125,
                "heatmap": "class-map",
                "unknown": [],
                "not_decided": None,
                "members": [],
                "members_disagree": None,
            },
        ],
        "stood_aside": [],
        "models": [{"name": "chest-test", "version": "1.0.0", "sha256": SHA}],
        "trail": [
            {"step": "decode", "detail": "explicit little endian, 12 bits of 16"},
            {"step": "window", "detail": "centre 2048, width 4096, the first of 1"},
        ],
        "timings_ms": {"decode": 12.5, "infer": 33.25},
        "warnings": ["The calibration was made on children aged 1 to 5 years."],
    }


def test_the_networks_of_a_mean_stand_in_their_finding(reading, disputed, finding):
    written = reading_to_json(replace(reading, findings=(disputed,)))
    (found,) = written["findings"]
    assert found["members"] == [
        {"name": "first", "logit": 3.1, "probability": 0.957, "positive": True},
        {"name": "second", "logit": -0.5, "probability": 0.3775407, "positive": False},
        {"name": "third", "logit": 1.0, "probability": 0.7310586, "positive": True},
    ]
    assert (found["positive"], found["members_disagree"]) == (True, True), "it changes no decision"
    Draft202012Validator(reading_schema()).validate(written)
    agreed = replace(disputed, members=disputed.members[::2])
    undecided = replace(disputed, positive=None, not_decided=NotDecided("no operating point", "it has none"))
    for one, disagree in ((agreed, False), (finding, None), (undecided, None)):
        assert reading_to_json(replace(reading, findings=(one,)))["findings"][0]["members_disagree"] is disagree
    wrong = replace(disputed, members=(replace(disputed.members[0], logit=math.nan),))
    with pytest.raises(EngineError, match=r"for findings\.Pneumonia.* not a finite number"):
        reading_to_json(replace(reading, findings=(wrong,)))


def test_a_failure_has_an_error_in_place_of_gate_and_findings(failed):
    assert failure_to_json(failed) == {
        "schema": "hilum.reading/1",
        "hilum": {"version": "0.1.0", "settings_sha256": SHA},
        "source": {"name": "scans/broken.png", "sha256": None, "frame": None},
        "error": {"kind": "decode", "message": "the PNG ends after 100 bytes"},
    }


def test_what_is_unknown_keeps_its_key(reading):
    gate = replace(reading.gate, status="not judged", is_xray_probability=None, type=None)
    unknown = reading_to_json(replace(reading, patient=None, gate=gate))
    assert unknown["patient"] == {"age_years": None, "sex": "unknown"}
    assert unknown["gate"]["accepted"] is None
    assert unknown["gate"]["is_xray"] == {"probability": None}
    assert unknown["gate"]["type"] == {"name": None, "probability": None, "all": {}}


def test_a_turned_picture_says_how_it_is_stored_and_sides_not_named_are_null(lung_reading):
    source = replace(lung_reading.source, stored=StoredGrid(340, 170, 6))
    lungs = replace(lung_reading.lungs, right_share=None, left_share=None, flags=("sides not named",))
    written = reading_to_json(replace(lung_reading, source=source, lungs=lungs))
    assert written["source"]["stored"] == {"rows": 340, "columns": 170, "orientation": 6}
    assert written["lungs"]["area_shares"] == {"right": None, "left": None, "both": 0.375, "heart": None}
    Draft202012Validator(reading_schema()).validate(written)


def test_a_ratio_has_its_lines_and_its_expected_error(heart_examination):
    written = reading_to_json(heart_examination.reading)
    assert written["cardiothoracic_ratio"] == {
        "value": 0.5,
        "heart": {"px": 80.0, "mm": 100.0, "line": [90.0, 205.0, 170.0, 205.0]},
        "thorax": {"px": 160.0, "mm": 200.0, "line": [40.0, 150.0, 200.0, 150.0]},
        "expected_error": {"mean": 0.0182, "nine_in_ten": 0.041},
        "cautions": [],
        "withheld": None,
    }
    assert written["lungs"]["area_shares"]["heart"] == 0.1
    Draft202012Validator(reading_schema()).validate(written)


def test_a_ratio_that_is_withheld_says_why(heart_examination):
    why = RatioWithheld("AP view", "the view is AP, in which the heart looks wider than it is")
    written = reading_to_json(replace(heart_examination.reading, cardiothoracic_ratio=why))
    assert written["cardiothoracic_ratio"] == {
        "value": None,
        "heart": None,
        "thorax": None,
        "expected_error": None,
        "cautions": [],
        "withheld": {"code": "AP view", "reason": "the view is AP, in which the heart looks wider than it is"},
    }
    Draft202012Validator(reading_schema()).validate(written)


def test_no_float32_loses_anything_on_the_way_through_text(reading, finding):
    values = np.random.default_rng(0).uniform(0, 1, 200).astype(np.float32)
    findings = tuple(replace(finding, probability=value, logit=np.float32(8) * value) for value in values)
    back = json.loads(json.dumps(reading_to_json(replace(reading, findings=findings)), allow_nan=False))
    assert [np.float32(found["probability"]) for found in back["findings"]] == list(values)
    assert [np.float32(found["logit"]) for found in back["findings"]] == [np.float32(8) * value for value in values]


def test_boxes_keep_a_hundredth_of_a_pixel(reading, finding):
    boxed = replace(finding, boxes=(Box(1.23456, 2.0, 3.999, 4.001),))
    assert reading_to_json(replace(reading, findings=(boxed,)))["findings"][0]["boxes"] == [[1.23, 2.0, 4.0, 4.0]]


@pytest.mark.parametrize("field", ["logit", "probability", "operating_point"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_is_not_finite_is_refused_by_name(reading, finding, field, value):
    with pytest.raises(EngineError, match=r"phantom_thorax.* for findings\.Pneumonia, which is not a finite number"):
        reading_to_json(replace(reading, findings=(replace(finding, **{field: value}),)))


def test_without_an_operating_point_both_it_and_the_decision_are_null(reading, finding):
    why = NotDecided("no operating point", "this model has no threshold")
    undecided = replace(finding, operating_point=None, positive=None, not_decided=why)
    written = reading_to_json(replace(reading, findings=(undecided,)))
    (one,) = written["findings"]
    assert (one["operating_point"], one["positive"]) == (None, None)
    assert one["not_decided"] == {"code": "no operating point", "reason": "this model has no threshold"}
    Draft202012Validator(reading_schema()).validate(written)


def test_what_the_user_and_what_the_file_says_stay_apart(no_age):
    stated = Stated(age_years=40.0, sex="M", view="PA", xray_type="chest", assume_scope=True)
    aside = StoodAside("chest-child", NotDecided("age outside", "the patient is 40 years old"))
    looks = {"PA": 0.02, "AP": 0.03, "lateral": 0.95}
    gate = replace(no_age.gate, state=("turned 90", "inverted"), view="lateral", view_probabilities=looks)
    written = reading_to_json(replace(no_age, gate=gate, stated=stated, stood_aside=(aside,), read_inverted=True))
    assert written["patient"] == {"age_years": None, "sex": "unknown"}
    assert written["view"] == "unknown"
    assert written["stated"] == {"age_years": 40.0, "sex": "M", "view": "PA", "type": "chest", "assume_scope": True}
    assert written["stood_aside"] == [
        {"model": "chest-child", "code": "age outside", "reason": "the patient is 40 years old"}
    ]
    assert written["findings"][0]["unknown"] == ["age", "view"]
    assert written["findings"][0]["not_decided"]["code"] == "age unknown"
    assert written["gate"]["state"] == ["turned 90", "inverted"]
    assert written["gate"]["view"] == {"name": "lateral", "all": looks}
    assert written["read_inverted"] is True
    Draft202012Validator(reading_schema()).validate(written)


def test_a_finding_that_is_not_reliable_has_a_code_of_its_own(reading, finding):
    why = NotDecided("not reliable", "not reliable here: 22 images with it to judge by, 40 are needed")
    weak = replace(finding, operating_point=None, positive=None, not_decided=why)
    written = reading_to_json(replace(reading, findings=(weak,)))
    assert written["findings"][0]["not_decided"] == {"code": "not reliable", "reason": why.reason}
    Draft202012Validator(reading_schema()).validate(written)

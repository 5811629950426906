"""The published schema accepts what hilum writes and refuses what would mislead another tool."""

import json
from dataclasses import replace
from typing import get_args

import jsonschema
import pytest

from hilum.reading.lungs.regions import LungFlag
from hilum.reading_result import PictureState, RatioCode, RatioWithheld, ScopePart, UndecidedCode
from hilum.report.reading_json import failure_to_json, reading_to_json
from hilum.report.schema import READING_SCHEMA, reading_schema


@pytest.fixture(scope="module")
def validator():
    schema = reading_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_it_is_the_published_one():
    assert reading_schema()["$id"] == READING_SCHEMA == "hilum.reading/1"
    assert reading_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_a_caller_may_change_its_copy():
    reading_schema()["$defs"].clear()
    assert reading_schema()["$defs"]


def test_every_kind_of_reading_passes(
    validator, reading, lung_reading, untrusted, refused, outside, no_age, failed, disputed
):
    unsure = replace(reading.gate, status="unsure", candidates=("chest", "shoulder"))
    unjudged = replace(reading.gate, status="not judged", is_xray_probability=None, type=None)
    for one in (
        reading,
        lung_reading,
        untrusted.reading,
        refused,
        outside,
        no_age,
        replace(reading, findings=(disputed,)),
        replace(reading, gate=unsure),
        replace(reading, gate=unjudged, patient=None),
    ):
        validator.validate(json.loads(json.dumps(reading_to_json(one))))
    validator.validate(failure_to_json(failed))
    validator.validate(failure_to_json(replace(failed, sha256="ab" * 32, frame=2)))
    assert not validator.is_valid(failure_to_json(replace(failed, frame=0)))


def test_additions_pass(validator, reading):
    written = reading_to_json(reading)
    written["diaphragm"] = {"height": 1}
    written["findings"][0]["note"] = "later"
    validator.validate(written)


def _wrong(change):
    return pytest.param(change, id=change.__name__)


def no_gate(written):
    del written["gate"]


def other_schema(written):
    written["schema"] = "hilum.reading/2"


def probability_above_one(written):
    written["findings"][0]["probability"] = 1.5


def decision_out_of_scope(written):
    written["findings"][1]["in_scope"] = False


def decision_and_reason_against_it(written):
    written["findings"][1]["not_decided"] = {"code": "age unknown", "reason": "the file gives no age"}


def no_decision_and_no_reason(written):
    written["findings"][1]["positive"] = None


def reason_without_a_known_code(written):
    written["findings"][1] |= {"positive": None, "not_decided": {"code": "did not like it", "reason": "no"}}


def box_of_three(written):
    written["findings"][1]["boxes"] = [[1, 2, 3]]


def refused_yet_accepted(written):
    written["gate"]["status"] = "refused"


def error_beside_findings(written):
    written["error"] = {"kind": "decode", "message": "no"}


def unknown_view(written):
    written["view"] = "sideways"


def hash_of_another_length(written):
    written["source"]["sha256"] = "abc"


def age_of_a_tree(written):
    written["patient"]["age_years"] = 411


WRONG = [
    no_gate, other_schema, probability_above_one, decision_out_of_scope, box_of_three, refused_yet_accepted,
    decision_and_reason_against_it, no_decision_and_no_reason, reason_without_a_known_code,
    error_beside_findings, unknown_view, hash_of_another_length, age_of_a_tree,
]  # fmt: skip


@pytest.mark.parametrize("change", [_wrong(change) for change in WRONG])
def test_what_would_mislead_is_refused(validator, reading, change):
    written = reading_to_json(reading)
    validator.validate(written)
    change(written)
    assert not validator.is_valid(written)


def test_a_failure_without_its_error_is_refused(validator, failed):
    written = failure_to_json(failed)
    del written["error"]
    assert not validator.is_valid(written)


def test_the_flags_of_lungs_are_those_that_reading_gives():
    flags = reading_schema()["$defs"]["lungs"]["properties"]["flags"]["items"]["enum"]
    assert set(flags) == set(get_args(LungFlag))


def test_lungs_that_would_mislead_are_refused(validator, lung_reading):
    for key, value in (("quality", 1.5), ("flags", ["upside down"]), ("box", [1, 2, 3]), ("trusted", "yes")):
        written = reading_to_json(lung_reading)
        validator.validate(written)
        written["lungs"][key] = value
        assert not validator.is_valid(written)
    for key in ("lungs", "crops"):
        written = reading_to_json(lung_reading)
        del written[key]
        assert not validator.is_valid(written)


def value_and_reason_against_it(ratio):
    ratio["withheld"] = {"code": "child", "reason": "the patient is 5 years old"}


def neither_value_nor_reason(ratio):
    ratio["value"] = None


def ratio_above_one(ratio):
    ratio["value"] = 1.2


def width_without_its_line(ratio):
    del ratio["heart"]["line"]


RATIOS = [value_and_reason_against_it, neither_value_nor_reason, ratio_above_one, width_without_its_line]


@pytest.mark.parametrize("change", [_wrong(change) for change in RATIOS])
def test_a_ratio_that_would_mislead_is_refused(validator, heart_examination, change):
    written = reading_to_json(heart_examination.reading)
    validator.validate(written)
    change(written["cardiothoracic_ratio"])
    assert not validator.is_valid(written)


def test_every_reason_to_withhold_a_ratio_passes_and_no_other(validator, heart_examination):
    for code in (*get_args(RatioCode), "did not like it"):
        reading = replace(heart_examination.reading, cardiothoracic_ratio=RatioWithheld(code, "because"))
        assert validator.is_valid(reading_to_json(reading)) is (code in get_args(RatioCode))


def test_the_words_of_the_schema_are_those_of_the_types():
    definitions = reading_schema()["$defs"]
    withheld = definitions["cardiothoracic_ratio"]["properties"]["withheld"]["oneOf"][0]
    assert withheld["properties"]["code"]["enum"] == list(get_args(RatioCode))
    assert definitions["why_not"]["properties"]["code"]["enum"] == list(get_args(UndecidedCode))
    assert definitions["finding"]["properties"]["unknown"]["items"]["enum"] == list(get_args(ScopePart))
    assert definitions["gate"]["properties"]["state"]["items"]["enum"] == list(get_args(PictureState))
    aside = definitions["reading"]["properties"]["stood_aside"]["items"]["properties"]
    assert aside["code"]["enum"] == list(get_args(UndecidedCode))

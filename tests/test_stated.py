"""What the user says: parsed strictly, kept apart, and held against what the file says."""

import numpy as np
import pytest

from hilum.errors import UsageError
from hilum.radiograph import Patient, Radiograph, Source
from hilum.stated import (
    NOTHING_STATED,
    Stated,
    age_text,
    contradictions,
    parse_age,
    parse_sex,
    parse_view,
    parse_yes_or_no,
    sex_in,
    with_stated,
)

FILE = Radiograph(
    np.zeros((2, 2), np.float32), Source("x.dcm", "0" * 64, "DICOM", 2, 2), patient=Patient(40.0, "M"), view="PA"
)
PICTURE = Radiograph(np.zeros((2, 2), np.float32), Source("x.png", "0" * 64, "PNG", 2, 2))


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("40", 40.0),
        ("40.5", 40.5),
        ("045Y", 45.0),
        ("45y", 45.0),
        ("6M", 0.5),
        (" 18 m ", 1.5),
        ("3W", 21 / 365.25),
        ("10D", 10 / 365.25),
        ("0", 0.0),
        ("120", 120.0),
    ],
)
def test_ages(text: str, years: float) -> None:
    assert parse_age(text) == pytest.approx(years, rel=1e-12)


@pytest.mark.parametrize("text", ["", "old", "-1", "40 years", "4,5", "121", "1e2", "nan", "inf", "Y", "١٢", "2000M"])
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="Write it like 40, 45Y, 6M, 3W or 10D"):
        parse_age(text)


def test_sex_view_and_yes() -> None:
    assert [parse_sex(text) for text in ("f", "Female", "M", "o")] == ["F", "F", "M", "O"]
    assert [sex_in(text) for text in (" male", "F", "other", "", "girl")] == ["M", "F", "O", "unknown", "unknown"]
    assert [parse_view(text) for text in ("pa", "AP", "LL", "lateral", "RLAT")] == ["PA", "AP", "LL", "LL", "LL"]
    assert [parse_view(text) for text in ("Oblique", "decubitus", "other")] == ["oblique", "decubitus", "other"]
    assert [parse_yes_or_no(text) for text in ("yes", "TRUE", "1", "no", "0")] == [True, True, True, False, False]
    for parse, text in ((parse_sex, "girl"), (parse_view, "sideways"), (parse_yes_or_no, "maybe")):
        with pytest.raises(UsageError, match=text):
            parse(text)


@pytest.mark.parametrize(
    "fields", [{"age_years": 121.0}, {"age_years": float("nan")}, {"sex": "X"}, {"view": "AL"}, {"xray_type": "cat"}]
)
def test_a_statement_outside_its_range_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Stated(**fields)


def test_a_statement_fills_what_a_nearer_one_leaves_open() -> None:
    near, far = Stated(age_years=3.0), Stated(age_years=40.0, view="AP", assume_scope=True)
    assert near.over(far) == Stated(age_years=3.0, view="AP", assume_scope=True)
    assert NOTHING_STATED.over(far) == far
    assert not Stated(assume_scope=False).over(far).assumes_scope, "no is said, and is not nothing"
    assert far.over(NOTHING_STATED) == far


def test_only_what_is_said_is_in_words() -> None:
    assert not NOTHING_STATED
    assert NOTHING_STATED.in_words() == ""
    assert not Stated(assume_scope=False), "without a more general statement it changes nothing"
    everything = Stated(age_years=1.5, sex="F", view="LL", xray_type="chest", assume_scope=True)
    assert everything
    assert everything.in_words() == (
        "age 18 months, sex F, view LL, type chest, unknown values are assumed to be in the model's scope"
    )


@pytest.mark.parametrize(
    ("years", "text"),
    [
        (40.0, "40 years"),
        (2.5, "2.5 years"),
        (1.0, "12 months"),
        (1 / 12, "1 month"),
        (10 / 365.25, "10 days"),
        (15.97, "15.9 years"),
        (15.9999, "15.9 years"),
        (5.02, "5.02 years"),
        (2.3, "2.3 years"),
        (100.5, "100.5 years"),
    ],
)
def test_ages_in_words(years: float, text: str) -> None:
    assert age_text(years) == text


def test_the_user_goes_before_the_file_and_leaves_the_rest() -> None:
    judged = with_stated(FILE, stated=Stated(age_years=3.0, view="AP"))
    assert (judged.patient, judged.view) == (Patient(3.0, "M"), "AP")
    assert (FILE.patient, FILE.view) == (Patient(40.0, "M"), "PA")
    assert with_stated(PICTURE, stated=Stated(sex="F")).patient == Patient(None, "F")
    assert with_stated(PICTURE, stated=NOTHING_STATED) is PICTURE


def test_what_contradicts_is_said_and_what_agrees_is_not() -> None:
    assert contradictions(FILE, stated=Stated(age_years=40.7, sex="M", view="PA")) == ()
    assert contradictions(PICTURE, stated=Stated(age_years=3.0, sex="F", view="AP")) == ()
    assert contradictions(FILE, stated=Stated(age_years=39.9, sex="F", view="AP")) == (
        "you said age 39.9 years, the file says age 40 years: 39.9 years was used",
        "you said sex F, the file says sex M: F was used",
        "you said view AP, the file says view PA: AP was used",
    )


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"assume_scope": "no"}, "assume_scope must be True, False or None, not 'no'"),
        ({"assume_scope": 1}, "assume_scope must be True, False or None, not 1"),
        ({"age_years": "3"}, "An age must be a number of years, not '3'"),
    ],
)
def test_a_value_of_another_type_is_refused_and_never_taken_for_true(said: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Stated(**said)

"""What a cell of a table says of a label."""

import math

import pytest

from hilum.datasets.own.outcomes import are_outcomes, classes_in, outcome


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", 1.0), ("1.0", 1.0), ("Yes", 1.0), (" positive ", 1.0), ("0", 0.0), ("0.0", 0.0), ("FALSE", 0.0)],
)
def test_words_of_yes_and_no(text, expected):
    assert outcome(text) == expected


@pytest.mark.parametrize("text", ["", "-", "-1", "-1.0", "n/a", "uncertain", "?"])
def test_what_nobody_knows_is_not_negative(text):
    assert math.isnan(outcome(text))


def test_other_words_are_no_outcome():
    assert outcome("maybe") is None
    assert not are_outcomes(["1", "maybe"])
    assert not are_outcomes(["", "-1"]), "nothing is known"
    assert are_outcomes(["", "yes", "0"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Effusion|Mass", ("Effusion", "Mass")),
        ("Effusion; Mass", ("Effusion", "Mass")),
        ("Normal", ()),
        ("No_Finding", ()),
        ("none", ()),
        ("", None),
        ("unknown", None),
        ("-", None),
    ],
)
def test_the_classes_of_a_cell(text, expected):
    assert classes_in(text) == expected

"""Names that are near what somebody typed."""

import pytest

from hilum.nearest import did_you_mean, nearest, nearest_words, same_but_for_case

NAMES = ("nih", "vindr_cxr", "vindr_pcxr", "kermany", "table")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("vindr", ("vindr_cxr", "vindr_pcxr")),
        ("VinDr-CXR", ("vindr_cxr", "vindr_pcxr")),
        ("kermani", ("kermany",)),
        ("nih_chests", ("nih",)),
        ("moon", ()),
        ("--", ()),
    ],
)
def test_near_names_come_nearest_first(word, expected):
    assert nearest(word, among=NAMES) == expected


def test_the_question_is_empty_where_nothing_is_near():
    assert did_you_mean("vindr", among=NAMES) == "; did you mean vindr_cxr or vindr_pcxr?"
    assert did_you_mean("moon", among=NAMES) == ""


def test_a_line_names_the_nearest_alone_or_none():
    assert nearest_words("vindr", among=NAMES) == "; the nearest is vindr_cxr"
    assert nearest_words("moon", among=NAMES) == ""


def test_a_name_is_known_whatever_its_case():
    assert same_but_for_case("KERMANY", among=NAMES) == "kermany"
    assert same_but_for_case("kermani", among=NAMES) == "kermani"

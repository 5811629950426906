import pytest

from hilum.datasets.records.ages import clean_age, was_cleaned


@pytest.mark.parametrize(
    ("text", "years"),
    [("58", 58.0), ("058Y", 58.0), ("006M", 0.5), ("000D", 0.0), ("120", 120.0), (" 7 ", 7.0), ("052W", 0.9966)],
)
def test_ages_of_every_release(text, years):
    assert clean_age(text) == pytest.approx(years, abs=1e-3)
    assert not was_cleaned(text)


@pytest.mark.parametrize("text", ["414", "414Y", "121", "-3"])
def test_what_cannot_be_an_age_is_thrown_away(text):
    assert clean_age(text) is None
    assert was_cleaned(text)


@pytest.mark.parametrize("text", ["?", "N/A", "Y", "unknown"])
def test_a_mark_for_unknown_is_no_impossible_age(text):
    assert clean_age(text) is None
    assert not was_cleaned(text)


def test_an_absent_age_was_not_cleaned():
    assert clean_age("") is None
    assert not was_cleaned(" ")

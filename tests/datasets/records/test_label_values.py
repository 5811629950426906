import math

import numpy as np
import pytest

from hilum.datasets.records.label_values import clean_age, outcomes_of, settle_uncertain, was_cleaned


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


def test_each_policy_has_its_value():
    assert math.isnan(settle_uncertain("ignore"))
    assert [settle_uncertain(policy) for policy in ("zeros", "ones", 0.0, 0.55, 1)] == [0.0, 1.0, 0.0, 0.55, 1.0]


@pytest.mark.parametrize("policy", [-0.1, 1.1, math.nan])
def test_a_value_outside_the_range_is_refused(policy):
    with pytest.raises(ValueError, match="smoothed value"):
        settle_uncertain(policy)


def test_a_smoothed_value_judges_nothing():
    np.testing.assert_array_equal(outcomes_of([1.0, 0.7, 0.0, math.nan]), [1.0, math.nan, 0.0, math.nan])

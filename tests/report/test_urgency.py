"""The order of lists, of a folder and of a worklist: what a reader must see first comes first, and says why."""

from dataclasses import replace

import pytest

from hilum.report.urgency import FILTERS, RANKS, SORT_WORDS, Urgency, could_not_be_read


def _shown_by(result):
    return [name for name, bit in FILTERS if Urgency.of(result).is_among((name, bit))]


def test_each_result_has_its_place_and_its_filters(reading, refused, outside, no_age, failed, negative):
    hand = replace(reading, findings=())
    unsure = replace(refused, gate=replace(refused.gate, status="unsure"))
    quiet = replace(reading, findings=(negative,), warnings=())
    in_order = [reading, failed, no_age, unsure, refused, hand, quiet]
    found = [Urgency.of(one) for one in in_order]
    assert [one.rank for one in found] == list(RANKS)
    values = [one.value for one in found]
    assert values == sorted(values, reverse=True)
    places = [SORT_WORDS.index(one.rank) for one in found]
    assert places == sorted(places), "the sentence names the groups in their order"
    assert _shown_by(reading) == ["flagged", "with warnings"]
    assert _shown_by(no_age) == ["not decided", "scope unknown"]
    assert _shown_by(outside) == ["not decided", "with warnings"]
    assert _shown_by(failed) == ["could not be read"]
    assert _shown_by(quiet) == ["not flagged"]
    assert _shown_by(hand) == ["with warnings", "nothing looked for"]


def test_the_further_over_its_threshold_the_higher(reading, finding):
    """0.60 over 0.10 is 56% of the way to 1; 0.90 over 0.80 is 50%: the first is the more urgent."""
    rare = replace(reading, findings=(replace(finding, probability=0.60, operating_point=0.10),))
    common = replace(reading, findings=(replace(finding, probability=0.90, operating_point=0.80),))
    assert Urgency.of(rare).value == pytest.approx(6.0 + 0.5 / 0.9)
    assert Urgency.of(common).value == pytest.approx(6.5)
    both = replace(reading, findings=(*common.findings, *rare.findings))
    assert Urgency.of(both).value == Urgency.of(rare).value


def test_within_the_other_groups(reading, no_age, negative):
    likelier = replace(no_age, findings=(replace(no_age.findings[0], probability=0.99),))
    assert Urgency.of(likelier).value == pytest.approx(4.99)
    quiet = replace(reading, findings=(replace(negative, probability=0.2, operating_point=0.4),))
    quieter = replace(reading, findings=(replace(negative, probability=0.2, operating_point=0.8),))
    assert (Urgency.of(quiet).value, Urgency.of(quieter).value) == (pytest.approx(0.5), pytest.approx(0.25))


def test_a_certainty_stays_in_its_group(reading, finding):
    sure = replace(reading, findings=(replace(finding, probability=1.0),))
    assert 6.0 < Urgency.of(sure).value < 7.0
    edge = replace(reading, findings=(replace(finding, probability=0.4, operating_point=1.0),))
    assert Urgency.of(edge).value < 7.0


def test_the_number_is_of_what_is_flagged_where_something_is(reading, finding, negative, no_age):
    rare = replace(finding, name="Hernia", probability=0.06, operating_point=0.05)
    common = replace(negative, probability=0.3, operating_point=0.5)
    assert Urgency.of(replace(reading, findings=(common, rare))).strongest == 0.06
    assert Urgency.of(replace(reading, findings=(common, negative))).strongest == 0.3
    assert Urgency.of(no_age).strongest == -1.0


def test_each_says_why(reading, refused, failed, finding):
    assert Urgency.of(reading).why == "Pneumonia flagged: 87% (threshold 42%)"
    assert Urgency.of(refused).why.startswith("Not read: ")
    assert Urgency.of(failed).why == could_not_be_read(failed.message).why == failed.message
    twice = replace(reading, findings=(finding, replace(finding, model="other")))
    assert Urgency.of(twice).flagged == ("Pneumonia",)

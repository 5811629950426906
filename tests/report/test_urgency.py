"""The order of lists: what a reader must see first comes first."""

from dataclasses import replace

from hilum.report.urgency import FILTERS, SORT_WORDS, Urgency


def _shown_by(result):
    return [name for name, bit in FILTERS if Urgency.of(result).is_among((name, bit))]


def test_each_result_has_its_place_and_its_filters(reading, refused, outside, no_age, failed, negative):
    hand = replace(reading, findings=())
    unsure = replace(refused, gate=replace(refused.gate, status="unsure"))
    quiet = replace(reading, findings=(negative,), warnings=())
    in_order = [reading, failed, no_age, unsure, refused, hand, quiet]
    assert [Urgency.of(one).rank for one in in_order] == list(range(7))
    words = [Urgency.of(one).word for one in in_order]
    places = [SORT_WORDS.index(word) for word in words]
    assert places == sorted(places), "the sentence names the words in their order"
    assert _shown_by(reading) == ["flagged", "with warnings"]
    assert _shown_by(no_age) == ["not decided", "scope unknown"]
    assert _shown_by(outside) == ["not decided", "with warnings"]
    assert _shown_by(failed) == ["could not be read"]
    assert _shown_by(quiet) == ["not flagged"]


def test_of_two_flagged_the_more_probable_comes_first(reading, finding):
    weaker = replace(reading, findings=(replace(finding, probability=0.5),))
    assert Urgency.of(reading).key < Urgency.of(weaker).key

"""The headline: result and caveat in one sentence."""

from dataclasses import replace

import pytest

from hilum.reading_result import NotDecided, TypeVerdict
from hilum.report.headline import headline, no_heatmap, percent_text, percent_texts, warnings_beside
from hilum.stated import Stated

NO_AGE = "the file gives no age, and this model is for children of 1 to 5 years"


def test_what_is_flagged_stands_with_its_probability_and_threshold(reading, finding, negative):
    assert headline(reading) == "Pneumonia flagged: 87% (threshold 42%)"
    assert headline(replace(reading, findings=(negative,))) == "Effusion not flagged: 3% (threshold 31%)"
    none = (negative, replace(negative, name="Mass"))
    assert headline(replace(reading, findings=none)) == "Nothing flagged among 2 findings"
    two = (finding, replace(finding, name="Mass", probability=0.5))
    assert headline(replace(reading, findings=two)) == (
        "Flagged: Pneumonia 87% (threshold 42%), Mass 50% (threshold 42%)"
    )


def test_two_models_that_say_the_same_are_told_apart(reading, finding):
    twice = replace(reading, findings=(finding, replace(finding, model="chest-adult")))
    assert headline(twice) == (
        "Flagged: Pneumonia (chest-test) 87% (threshold 42%), Pneumonia (chest-adult) 87% (threshold 42%)"
    )


def test_a_probability_beside_its_threshold_is_not_shown_as_equal(reading, finding):
    close = replace(finding, probability=0.7744, operating_point=0.7736)
    assert headline(replace(reading, findings=(close,))) == "Pneumonia flagged: 77.44% (threshold 77.36%)"
    near = replace(finding, probability=0.7749, operating_point=0.7731, positive=True)
    assert headline(replace(reading, findings=(near,))) == "Pneumonia flagged: 77.5% (threshold 77.3%)"


@pytest.mark.parametrize(
    ("probability", "threshold", "texts"),
    [
        (0.49996, 0.5, ("49.996%", "50.000%")),
        (0.5 - 1e-9, 0.5, ("49.999%", "50.000%")),
        (0.5, 0.5, ("50%", "50%")),
        (0.5 + 1e-9, 0.5, ("50%", "50%")),
        (0.0012, 0.0021, ("0.1%", "0.2%")),
        (0.00012, 0.00021, ("0.01%", "0.02%")),
        (0.9961, 0.9984, ("99.6%", "99.8%")),
        (0.994, 0.99999, ("99%", ">99%")),
        (0.1, None, ("10%", "none")),
    ],
)
def test_what_does_not_reach_its_threshold_never_looks_as_though_it_did(finding, probability, threshold, texts):
    assert percent_texts(replace(finding, probability=probability, operating_point=threshold)) == texts


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "<1%"), (0.0049, "<1%"), (0.006, "1%"), (0.8149, "81%"), (0.9949, "99%"), (0.995, ">99%")]
)
def test_per_cent_are_never_nothing_and_never_all(share, text):
    assert percent_text(share) == text


def test_no_decision_gives_the_reason(outside, no_age):
    assert headline(no_age) == f"Not decided: {NO_AGE}"
    assert headline(outside) == (
        "Not decided: the patient is 43 years old, and this model is for children of 1 to 5 years"
    )


def test_reasons_that_differ_stand_with_their_models(no_age):
    other = replace(no_age.findings[0], model="b", not_decided=NotDecided("view outside", "the view is LL"))
    assert headline(replace(no_age, findings=(*no_age.findings, other))) == (
        f"Not decided: chest-test: {NO_AGE}; b: the view is LL"
    )


def test_some_without_a_decision_are_named_and_many_counted(reading, negative, no_age):
    (undecided,) = no_age.findings
    some = replace(reading, findings=(negative, undecided))
    assert headline(some) == f"Effusion not flagged: 3% (threshold 31%); not decided: Pneumonia ({NO_AGE})"
    many = tuple(replace(undecided, name=f"Finding {number}") for number in range(5))
    assert headline(replace(reading, findings=(negative, *many))) == (
        f"Effusion not flagged: 3% (threshold 31%); not decided: 5 more findings ({NO_AGE})"
    )


def test_findings_that_are_not_reliable_are_counted_without_what_each_lacks(reading, negative):
    weak = [
        replace(
            negative, name=f"Finding {number}", positive=None, operating_point=None,
            not_decided=NotDecided("not reliable", f"not reliable here: {number} images with it"),
        )
        for number in range(5)
    ]  # fmt: skip
    assert headline(replace(reading, findings=(negative, *weak))) == (
        "Effusion not flagged: 3% (threshold 31%); not decided: 5 more findings (not reliable here)"
    )


def test_the_caveat_stands_in_the_same_sentence(reading, finding):
    unknown = replace(finding, in_scope=None, unknown=("view",))
    told = replace(reading, findings=(unknown,))
    assert headline(told) == "Pneumonia flagged: 87% (threshold 42%); view not known, so this may not hold"
    assumed = replace(told, stated=Stated(assume_scope=True), read_inverted=True)
    assert headline(assumed) == (
        "Pneumonia flagged: 87% (threshold 42%); view not known, and assumed to fit as you asked; "
        "read with its greys reversed"
    )


def test_what_was_not_read_says_why(reading, refused):
    assert headline(refused) == "Not read: the picture looks like a photograph"
    unsure = replace(refused.gate, status="unsure", reason="this may not be an X-ray")
    assert headline(replace(refused, gate=unsure)) == "Not read: this may not be an X-ray"
    hand = replace(reading.gate, type=TypeVerdict("hand", 0.99, {"hand": 0.99}))
    assert headline(replace(reading, gate=hand, findings=())) == (
        "Hand X-ray. None of the models reads hand X-rays, so no findings were computed"
    )
    unjudged = replace(reading.gate, status="not judged", type=None)
    assert headline(replace(reading, gate=unjudged, findings=())) == (
        "None of the models reads radiographs, so no findings were computed"
    )


def test_a_warning_that_the_headline_says_is_not_said_again(reading):
    hand = replace(reading.gate, type=TypeVerdict("hand", 0.99, {"hand": 0.99}))
    warnings = ("the hand looks turned by 90°", "none of the models reads hand X-rays, so no findings were computed")
    unread = replace(reading, gate=hand, findings=(), warnings=warnings)
    assert warnings_beside(unread, said=headline(unread)) == warnings[:1]
    read = replace(unread, findings=reading.findings)
    assert warnings_beside(read, said=headline(read)) == warnings


def test_a_ratio_stands_in_the_place_of_findings_that_nobody_looks_for(heart_examination):
    without = replace(heart_examination.reading, findings=())
    assert headline(without) == (
        "Chest X-ray. None of the models looks for findings; cardiothoracic ratio 0.50 ± 0.02, "
        "a measurement, not a diagnosis"
    )
    assert "ratio" not in headline(heart_examination.reading)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"positive": True}, "The model gave no heatmap"),
        ({"positive": False}, "Nothing is flagged: no heatmap is shown"),
        ({"positive": None, "in_scope": False}, "Not decided: no heatmap is shown"),
    ],
)
def test_a_missing_heatmap_has_its_reason(reading, finding, changes, words):
    assert no_heatmap(replace(reading, findings=(replace(finding, **changes),))) == words
    assert no_heatmap(replace(reading, findings=())) == "No findings were computed, so there is no heatmap"

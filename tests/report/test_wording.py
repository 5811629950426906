"""The words of the reports never suggest more than the reading says."""

from dataclasses import replace

import pytest

from hilum.bundle.card import Scope
from hilum.reading_result import TypeVerdict
from hilum.report import wording


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.0, "<0.001"), (0.0004, "<0.001"), (0.0005, "0.001"), (0.5, "0.500"), (0.9994, "0.999"), (1.0, ">0.999")],
)
def test_a_probability_is_never_shown_as_certain(probability, text):
    assert wording.probability_text(probability) == text


def test_a_finding_out_of_scope_has_no_decision_and_says_why(finding):
    outside = replace(finding, positive=None, in_scope=False)
    scope = Scope(xray_type="chest", age_years=(1.0, 5.0), views=("PA", "AP"))
    said = wording.decision(outside, scope=scope)
    assert said.word == "no decision"
    assert said.note == "outside the model's scope: made for chest radiographs, ages 1 to 5 years, view PA or AP"
    assert wording.decision(outside).note == "outside the model's scope: see the warnings"


def test_out_of_scope_wins_over_a_decision_that_should_not_be_there(finding):
    assert wording.decision(replace(finding, positive=True, in_scope=False)).word == "no decision"


def test_an_unknown_scope_is_named_beside_the_decision(finding):
    assert wording.decision(replace(finding, in_scope=None)) == wording.Decision(
        "positive", "scope unknown, see the warnings"
    )


def test_the_outcome_names_what_is_positive_and_what_is_undecided(reading, finding, negative, refused, outside):
    undecided = replace(finding, name="Mass", positive=None, in_scope=False)
    assert wording.outcome(reading) == "Above the operating point: Pneumonia"
    assert wording.outcome(replace(reading, findings=(negative,))) == "No finding above its operating point"
    assert (
        wording.outcome(replace(reading, findings=(negative, undecided)))
        == "No finding above its operating point; no decision on Mass"
    )
    twice = replace(reading, findings=(finding, replace(finding, model="chest-adult")))
    assert wording.outcome(twice) == (
        f"Above the operating point: Pneumonia ({finding.model}), Pneumonia (chest-adult)"
    ), "two models that say the same are told apart"
    assert wording.outcome(outside).startswith("No decision on any finding")
    assert wording.outcome(refused) == ("No finding was computed. Refused: the picture looks like a photograph")


def test_positives_come_first_then_the_more_probable(finding, negative):
    below = replace(negative, name="Mass", probability=0.95, positive=False)
    low = replace(finding, name="Hernia", probability=0.1, positive=True)
    assert [one.name for one in wording.ordered((negative, below, low, finding))] == [
        "Pneumonia", "Hernia", "Mass", "Effusion",
    ]  # fmt: skip


def test_names_lose_what_could_drive_a_terminal():
    assert wording.printable("a\x1b[31mb\udc80\u202ec\nd\u00a0é") == "a�[31mb��c d é"


def test_phantoms_are_known_by_name():
    assert wording.is_phantom("out/Phantom_thorax.dcm")
    assert not wording.is_phantom("chest.dcm")


def test_an_accepted_type_that_no_model_reads_is_not_called_refused(reading):
    hand = replace(reading.gate, type=TypeVerdict("hand", 0.99, {"hand": 0.99}))
    said = wording.outcome(replace(reading, gate=hand, findings=(), models=()))
    assert said == "No finding was computed: no model in use reads a radiograph of type hand"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"positive": True}, "The model gave no heatmap"),
        ({"positive": False}, "No finding above its operating point: no heatmap is shown"),
        ({"positive": None, "in_scope": False}, "No decision on any finding: no heatmap is shown"),
    ],
)
def test_a_missing_heatmap_has_its_reason(reading, finding, changes, words):
    assert wording.no_heatmap(replace(reading, findings=(replace(finding, **changes),))) == words


def test_a_model_without_an_operating_point_decides_nothing_and_says_why(reading, finding):
    undecided = replace(finding, operating_point=None, positive=None)
    assert wording.decision(undecided) == wording.Decision("no decision", "the model brings no operating point")
    assert wording.decision(replace(undecided, in_scope=False)).note.startswith("outside the model's scope")
    assert wording.operating_point_text(undecided) == "none"
    assert wording.operating_point_text(finding) == "0.425"
    outcome = wording.outcome(replace(reading, findings=(undecided,)))
    assert outcome == "No decision on any finding: the model brings no operating point"

"""The words of the reports never suggest more than the reading says."""

from dataclasses import replace

import pytest

from hilum.reading_result import NotDecided
from hilum.report import wording
from hilum.stated import Stated

TOO_OLD = "the patient is 43 years old, and this model is for children of 1 to 5 years"
NO_AGE = "the file gives no age, and this model is for children of 1 to 5 years"


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.0, "<0.001"), (0.0004, "<0.001"), (0.0005, "0.001"), (0.5, "0.500"), (0.9994, "0.999"), (1.0, ">0.999")],
)
def test_a_probability_is_never_shown_as_certain(probability, text):
    assert wording.probability_text(probability) == text


def test_a_finding_without_a_decision_says_why(outside, no_age):
    assert wording.decision(outside.findings[0]) == wording.Decision("not decided", TOO_OLD)
    assert wording.decision(no_age.findings[0]) == wording.Decision("not decided", NO_AGE)


def test_out_of_scope_wins_over_a_decision_that_should_not_be_there(finding):
    assert wording.decision(replace(finding, positive=True, in_scope=False)).word == "not decided"


def test_what_the_networks_of_a_mean_say_is_a_range_in_plain_words(finding, disputed):
    assert wording.sentence(wording.members_text(disputed)) == "The 3 networks say 0.378 to 0.957"
    assert wording.disagreement_text(disputed) == "networks disagree, 2 of 3 alone would say positive"
    assert wording.each_member_text(disputed) == "first 0.957, second 0.378, third 0.731"
    same = replace(disputed, members=(disputed.members[0],) * 2)
    assert wording.members_text(same) == "all 2 networks say 0.957"
    assert wording.disagreement_text(same) == ""
    texts = (wording.members_text, wording.disagreement_text, wording.each_member_text)
    assert [text(finding) for text in texts] == ["", "", ""]


def test_what_is_not_known_is_named_beside_the_decision(finding):
    unknown = replace(finding, in_scope=None, unknown=("modality", "view"))
    assert wording.decision(unknown) == wording.Decision("positive", "modality and view not known")


def test_a_number_is_called_a_probability_only_within_the_scope(finding, outside, no_age):
    without = replace(finding, positive=None, not_decided=NotDecided("no operating point", "it brings no threshold"))
    weak = replace(without, not_decided=NotDecided("not reliable", "not reliable here: too few images"))
    numbers = [wording.number_name(one) for one in (finding, outside.findings[0], no_age.findings[0], without, weak)]
    assert numbers == ["probability", "score", "score", "probability", "probability"]
    assert wording.decision(weak) == wording.Decision("not decided", "not reliable here: too few images")


def test_what_the_user_says_is_marked_and_goes_before_what_the_file_says(reading):
    told = replace(reading, stated=Stated(age_years=0.5, view="PA"))
    assert wording.patient_text(reading) == "4 years, female"
    assert wording.patient_text(told) == "6 months (stated), female"
    assert (wording.view_text(reading), wording.view_text(told)) == ("AP", "PA (stated)")
    assert wording.stated_text(reading) == ""
    assert wording.stated_text(told) == "Stated by the user, not by the file: age 6 months, view PA"


@pytest.mark.parametrize(
    ("view", "line", "beside"),
    [
        ("lateral", "Lateral view (from the picture)", "lateral (from the picture)"),
        ("AP", "AP view, from front to back (from the picture)", "AP (from the picture)"),
        (None, "Frontal view, not sure whether PA or AP (from the picture)", "unknown"),
    ],
)
def test_a_view_that_the_picture_tells_is_said_to_be_the_pictures(reading, view, line, beside):
    seen = replace(reading.gate, view=view, view_probabilities={"PA": 0.1, "AP": 0.2, "lateral": 0.7})
    silent = replace(reading, view="unknown", gate=seen)
    assert wording.picture_view_text(seen) == line
    assert wording.view_text(silent) == beside
    assert wording.view_text(replace(silent, view="PA")) == "PA"
    assert wording.view_text(replace(silent, stated=Stated(view="LL"))) == "LL (stated)"


def test_a_gate_that_tells_no_view_says_nothing_of_it(reading):
    assert wording.picture_view_text(reading.gate) == ""


def test_square_pixels_have_one_spacing(reading):
    square = replace(reading, source=replace(reading.source, spacing_mm=(0.192, 0.192)))
    assert wording.size_text(square) == "240 × 300 px, pixel spacing 0.192 mm"
    assert wording.size_text(reading) == "240 × 300 px, pixel spacing 1.4 × 1.25 mm"


def test_positives_come_first_then_negatives_then_what_is_not_decided_the_more_probable_before(finding, negative):
    below = replace(negative, name="Mass", probability=0.95, positive=False)
    low = replace(finding, name="Hernia", probability=0.1, positive=True)
    weak = replace(
        negative, name="Nodule", probability=0.99, positive=None, operating_point=None,
        not_decided=NotDecided("not reliable", "not reliable here: 12 images with it to judge by, 40 are needed"),
    )  # fmt: skip
    assert [one.name for one in wording.ordered((weak, negative, below, low, finding))] == [
        "Pneumonia", "Hernia", "Mass", "Effusion", "Nodule",
    ]  # fmt: skip
    assert wording.short_note(weak) == "not reliable here"
    assert wording.decision(weak).note.endswith("40 are needed")


def test_names_lose_what_could_drive_a_terminal():
    assert wording.printable("a\x1b[31mb\udc80\u202ec\nd\u00a0é") == "a�[31mb��c d é"


def test_phantoms_are_known_by_name():
    assert wording.is_phantom("out/Phantom_thorax.dcm")
    assert not wording.is_phantom("chest.dcm")
    assert not wording.is_phantom("/data/phantom-study/1.dcm"), "a folder's name says nothing of a film"
    assert not wording.is_phantom("C:\\phantoms\\1.dcm")


def test_an_operating_point_in_words(finding):
    assert wording.number_texts(replace(finding, operating_point=None)) == ("0.873", "none")
    assert wording.number_texts(finding) == ("0.873", "0.425")


@pytest.mark.parametrize(
    ("probability", "texts"),
    [
        (0.49996, ("0.49996", "0.50000")),
        (0.4996, ("0.4996", "0.5000")),
        (0.5 - 1e-9, ("0.499999", "0.500000")),
        (0.5, ("0.500", "0.500")),
        (0.50004, ("0.50004", "0.50000")),
    ],
)
def test_a_probability_below_its_threshold_never_looks_equal(finding, probability, texts):
    assert wording.number_texts(replace(finding, probability=probability, operating_point=0.5)) == texts


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("0.48 ± 0.02", "0.48 +/- 0.02"),
        ("−0.30 at 90°", "-0.30 at 90 degrees"),
        ("naïve\nÆtiology × 2", "naive ?tiology x 2"),
        ("幻", "?"),
    ],
)
def test_signs_are_spelled_and_accents_fall(text: str, plain: str) -> None:
    assert wording.plain_text(text) == plain

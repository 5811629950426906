import re
from dataclasses import replace

import pytest

from fabricate_study import RUN, fabricate_arms
from hilum.evaluation.judging.earned_label import EarnedLabel, earned_labels
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.read import study_content
from hilum.statistics.estimate import Estimate
from hilum.systems.chest_adult.looks import Look
from hilum.systems.chest_adult.sections import (
    Gain,
    baselines_section,
    earned_alone_section,
    earned_section,
    gain_of,
    inside_section,
    ships_section,
)
from hilum.systems.chest_adult.study import ADULT


def content(*, mean: float = 1.1, rare: float = 0.2, patients: int = 240) -> StudyContent:
    arms = fabricate_arms(
        strength={"local": 0.7, "crop": 0.75, "mean": mean}, labels=("Mass", "Nodule", "Hernia"), patients=patients,
        without=("Hernia",), rare=rare,
    )  # fmt: skip
    return study_content(ADULT, predictions=arms, run=RUN, replicates=100)


@pytest.fixture(scope="module")
def strong() -> StudyContent:
    return content()


def labels_of(content: StudyContent) -> tuple[EarnedLabel, ...]:
    return earned_labels(content.predictions.of("mean"))


def test_what_gains_enough_and_surely_ships(strong: StudyContent) -> None:
    of_strong = labels_of(strong)
    gain = gain_of(strong, labels=of_strong)
    assert gain.labels == ("Mass", "Nodule"), "nobody has a hernia"
    assert gain.why_not is None
    apart = [strong.aurocs.label(name).difference["mean", "local"].value for name in gain.labels]
    assert gain.difference is not None
    assert gain.difference.value == pytest.approx(sum(apart) / 2)
    section = ships_section(strong, labels=of_strong)
    assert section.note.startswith("mean of both ships.")
    assert section.numbers["ships"] is True


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (Estimate(0.05, (0.0, 0.1)), r"gains \+0.050 \[\+0.000, \+0.100\] on the baseline, which is not surely more"),
        (Estimate(0.05, None), "nothing can be said of a gain"),
        (None, "nothing can be said of a gain"),
    ],
)
def test_what_does_not_does_not_and_says_why(difference: Estimate | None, said: str) -> None:
    gain = Gain(labels=("Mass",), means={}, difference=difference, decided=("Mass",))
    assert gain.why_not is not None
    assert re.search(said, gain.why_not)


def test_a_sure_gain_ships_where_something_is_decided_and_what_was_hoped_for_is_said() -> None:
    small = Gain(labels=("Mass",), means={}, difference=Estimate(0.0199, (0.001, 0.04)), decided=("Mass",))
    assert small.why_not is None
    assert small.hoped_for == "A gain of +0.02 was hoped for and is not reached."
    assert replace(small, difference=Estimate(0.02, (0.001, 0.04))).hoped_for.endswith("and is reached.")
    assert replace(small, decided=()).why_not == "no finding has earned a decision"


def test_labels_of_few_positives_are_in_no_mean_and_nothing_ships_without_any() -> None:
    few = content(rare=0.02, patients=60)
    assert gain_of(few, labels=labels_of(few)).labels == ()
    assert ships_section(few, labels=labels_of(few)).note.startswith("Nothing ships: no label has 40 positives")


def test_the_tables_have_a_row_for_every_finding(strong: StudyContent) -> None:
    earned, baselines = earned_section(strong, labels=labels_of(strong)), baselines_section(strong)
    assert [row[0] for row in earned.tables[0].rows] == ["Mass", "Nodule", "Hernia"]
    assert earned.tables[0].rows[0][-1] == "yes"
    assert "not reliable here: 0 images with it" in earned.tables[0].rows[2][-1]
    assert earned.numbers["Mass"]["by_view"].keys() == {"PA", "AP"}
    alone = earned_alone_section(strong)
    assert alone.tables[0].title.startswith("Labels of whole picture")
    assert (
        alone.numbers["Mass"]["auroc"]
        == strong.aurocs.label("Mass").auroc["local"].value
        != earned.numbers["Mass"]["auroc"]
    )
    hernia = baselines.tables[0].rows[2]
    assert hernia == ("Hernia", None, None, None, None)


def test_shares_of_all_folds_are_joined(strong: StudyContent) -> None:
    one = Look(calibrations={}, inside={"Mass": (0.2, 0.4), "Nodule": ()})
    other = replace(one, inside={"Mass": (0.9,), "Nodule": ()})
    section = inside_section(strong, looks={"local": [one, other], "crop": [other]})
    assert section.tables[0].rows == (("Mass", 3, 0.4, 1, 0.9), ("Nodule", 0, None, 0, None))
    assert section.numbers["Mass"]["local"] == {
        "n": 3,
        "median": 0.4,
        "quartiles": [pytest.approx(0.3), pytest.approx(0.65)],
    }

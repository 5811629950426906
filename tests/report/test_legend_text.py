"""What is drawn on a picture, in one sentence."""

from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_bundle import ToyBundle, any_picture_called
from fabricate_dark_lungs import CASES, chest
from fabricate_lungs import write_lung_bundle
from hilum.reading.reader import Reader
from hilum.reading_result import Examination
from hilum.report.legend_text import drawn_text

TOY = ("toy", "Pneumonia")


@pytest.fixture(scope="module")
def examination(tmp_path_factory: pytest.TempPathFactory) -> Examination:
    folder: Path = tmp_path_factory.mktemp("models")
    toy = ToyBundle(scope=any_picture_called("chest")).write(folder / "toy")
    return Reader(models=[write_lung_bundle(folder / "lungs"), toy]).examine(chest(*CASES["two lungs"]))


def test_it_names_the_map_its_box_and_the_outlines(examination: Examination) -> None:
    said = drawn_text(examination, drawn=frozenset({TOY}))
    assert said.startswith("Heatmap of Pneumonia. Blue: ")
    assert said.endswith("Green: lungs.")
    assert drawn_text(examination, drawn=frozenset()) == "Green: lungs."


def test_lungs_that_are_not_trusted_are_said_to_be_so(examination: Examination) -> None:
    verdict = examination.reading.lungs
    assert verdict is not None
    doubted = replace(examination, reading=replace(examination.reading, lungs=replace(verdict, trusted=False)))
    assert drawn_text(doubted, drawn=frozenset()) == "Green: lungs, in broken lines: not to be relied on."


def test_a_plain_picture_has_no_sentence(examination: Examination) -> None:
    assert drawn_text(replace(examination, lungs=None), drawn=frozenset()) == ""

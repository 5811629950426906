"""The tables of the page on adult chests are what the kept study says, and no smoke run's figure gets there."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from fabricate_study import RUN, fabricate_arms
from hilum.bundle.shelf import shipped_bundles
from hilum.evaluation.study.as_json import study_json_bytes
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.read import study_content
from hilum.systems.chest_adult.looks import Look
from hilum.systems.chest_adult.sections import adult_sections
from hilum.systems.chest_adult.study import ADULT
from hilum.systems.chest_adult.tries import tries_study

LOOK = Look(calibrations={}, inside={"Mass": (0.5, 0.7), "Nodule": ()})


@pytest.fixture(scope="module")
def script(docs_script: Callable[[str], ModuleType]) -> ModuleType:
    return docs_script("make_chest_adult")


def study_of(*, smoke: bool = False, folds_done: int = 5) -> StudyContent:
    arms = fabricate_arms(
        strength={"local": 0.7, "crop": 0.75, "mean": 1.1}, labels=("Mass", "Nodule", "Hernia"), patients=240,
        smoke=smoke, without=("Hernia",), rare=0.2,
    )  # fmt: skip
    return study_content(ADULT, predictions=arms, run=replace(RUN, folds_done=folds_done), replicates=100)


def written(content: StudyContent, *, folder: Path) -> Path:
    sections = tuple(section(content) for section in adult_sections(content, looks={"local": [LOOK], "crop": [LOOK]}))
    path = folder / "study.json"
    path.write_bytes(study_json_bytes(ADULT, content=content, sections=sections))
    return path


def test_what_is_kept_names_nobody_and_is_shown(script: ModuleType, tmp_path: Path) -> None:
    study, result = study_of(), tmp_path / "kept.json"
    script.keep(written(study, folder=tmp_path), result=result)
    assert re.search(r"\d{8}_\d{3}|nih:\d", result.read_text()) is None
    mass = study.aurocs.label("Mass").auroc["mean"]
    low, high = mass.interval or (0.0, 0.0)
    rows = {line.split("|")[1].strip(): line for line in script.findings(result).splitlines()}
    assert f"{mass.value:.3f} [{low:.3f}, {high:.3f}]" in rows["Mass"]
    assert rows["Mass"].endswith("| yes |")
    assert "no: 0 images with it to judge by, 40 are needed" in rows["Hernia"]
    assert "mean AUROC of 2 findings" in script.means(result)
    assert "The mean of both ships." in script.means(result)
    assert f"split `{'5' * 16}`. Made by `hilum study toy <b>`." in script.means(result)
    assert "| Mass | 2 | 0.60 | 0.60 |" in script.inside(result)
    assert "| Nodule | 0 | – | – |" in script.inside(result)


def test_what_the_whole_picture_decides_alone_is_what_its_shipped_head_does(script: ModuleType) -> None:
    card = next(bundle.card for bundle in shipped_bundles() if bundle.card.name == "chest-adult")
    assert card.fusion is not None
    alone = {label.name for label in card.fusion.whole_labels if label.operating_point is not None}
    rows = [line.split(" | ") for line in script.alone().splitlines()[2:]]
    assert {row[0].removeprefix("| ") for row in rows if row[1].startswith("yes")} == alone
    assert [row[0].removeprefix("| ") for row in rows] == [one.name for one in card.labels if one.operating_point]


def test_no_figure_of_a_smoke_run_or_of_some_folds_is_kept(script: ModuleType, tmp_path: Path) -> None:
    for content, said in ((study_of(smoke=True), "a smoke run"), (study_of(folds_done=3), "3 of 5 folds")):
        with pytest.raises(SystemExit, match=said):
            script.keep(written(content, folder=tmp_path), result=tmp_path / "kept.json")
    assert not (tmp_path / "kept.json").exists()


def test_other_trainings_are_shown_with_what_they_gain_and_how_many_folds_are_done(
    script: ModuleType, tmp_path: Path
) -> None:
    study = tries_study(("local", "seed", "large"))
    arms = fabricate_arms(strength={"local": 0.7, "seed": 0.7, "large": 1.1}, labels=("Mass", "Nodule"), patients=240)
    content = study_content(study, predictions=arms, run=replace(RUN, folds_done=2), replicates=100)
    (tmp_path / "study.json").write_bytes(study_json_bytes(study, content=content, sections=()))
    script.keep_tries(tmp_path / "study.json", result=tmp_path / "kept.json")
    said = script.tried(tmp_path / "kept.json")
    rows = {line.split("|")[1].strip(): line for line in said.splitlines() if "|" in line}
    gain = content.aurocs.mean_difference["large", "local"]
    assert f"| {gain.value:+.3f} [" in rows["320 pixels"]
    assert rows["as it is"].endswith("| – |")
    assert said.startswith("2 of 5 folds, ")
    assert "Made by `hilum study toy <b>`." in said
    assert "Surely better than the recipe: 320 pixels. Surely worse: none." in said


def test_without_a_kept_study_the_page_says_that_nothing_was_measured(script: ModuleType, tmp_path: Path) -> None:
    for table in (script.means, script.findings, script.inside, script.tried):
        assert table(tmp_path / "absent.json").startswith("Not measured")

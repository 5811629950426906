"""The tables on the lungs are what the kept studies say, and no smoke run's figure gets there."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from fabricate_judged_lungs import judged
from hilum.systems.lungs.study.study import LungStudy, make_lung_study, write_lung_study


@pytest.fixture(scope="module")
def script(docs_script: Callable[[str], ModuleType]) -> ModuleType:
    return docs_script("make_lungs")


def study_of(*arms: str, smoke: bool = False) -> LungStudy:
    rows = [*judged(), *judged(source="lungs_tb", definition="field")]
    return make_lung_study(dict.fromkeys(arms, rows), split_sha256="0" * 64, protocol="fabricated", smoke=smoke)


def test_what_is_kept_is_shown_by_arm_and_release_with_its_number(script: ModuleType, tmp_path: Path) -> None:
    study, results = study_of("free", "all"), tmp_path / "results"
    script.keep(write_lung_study(study, folder=tmp_path), results=results)
    assert [path.name for path in results.iterdir()] == ["lungs.json"]
    assert ".png" not in (results / "lungs.json").read_text()
    shown = script.figures(results)
    assert f"`hilum study lungs`: fabricated; split `{'0' * 16}`." in shown
    assert "| networks | lungs: Dice, whole lungs | lungs_tb: Dice, fields |" in shown
    dice = next(figure for figure in study.arms["free"].figures if figure.name == "Dice, whole lungs")
    low, high = dice.interval
    assert f"| ships: `lungs` and `wingspan` | {dice.value:.3f} [{low:.3f}, {high:.3f}], n {dice.n} |" in shown
    assert "IoU" not in shown


def test_a_study_on_finer_pictures_is_kept_by_its_own_name_and_has_rows_of_its_own(
    script: ModuleType, tmp_path: Path
) -> None:
    results = tmp_path / "results"
    for arms in (("free", "all"), ("all-lite-fine",)):
        script.keep(write_lung_study(study_of(*arms), folder=tmp_path), results=results)
    assert {path.name for path in results.iterdir()} == {"lungs.json", "lungs-lite-fine.json"}
    rows = [line.split(" | ")[0].removeprefix("| ") for line in script.figures(results).splitlines()[4:]]
    assert rows == [script.TITLES[arm] for arm in ("free", "all", "all-lite-fine")]


def test_studies_of_one_protocol_are_named_together_and_an_arm_of_fewer_chests_says_so(
    script: ModuleType, tmp_path: Path
) -> None:
    results, rows = tmp_path / "results", [*judged(), *judged(source="lungs_tb", definition="field")]
    fewer = make_lung_study(
        {"all-lite-fine": rows, "lite-fine": rows[:50]}, split_sha256="0" * 64, protocol="fabricated"
    )
    for study in (study_of("free", "all"), fewer):
        script.keep(write_lung_study(study, folder=tmp_path), results=results)
    shown = script.figures(results)
    assert "`hilum study lungs` and `hilum study lungs-lite-fine`: fabricated" in shown
    assert [title for title in script.TITLES.values() if f"| {title}; some folds alone |" in shown] == [
        script.TITLES["lite-fine"]
    ]


def test_trust_is_that_of_the_arm_that_ships(script: ModuleType, tmp_path: Path) -> None:
    study, results = study_of("free", "all"), tmp_path / "results"
    script.keep(write_lung_study(study, folder=tmp_path), results=results)
    one = study.arms["free"].trust[0]
    row = f"| {one.n:,} | {one.bad_untrusted} of {one.bad} | {one.good_untrusted} of {one.n - one.bad} |"
    assert f"| the three releases, {one.pictures} {row}" in script.trust(results)


def test_every_arm_of_a_study_has_a_title(script: ModuleType) -> None:
    assert {arm for arms in script.ARMS.values() for arm in arms} == set(script.TITLES)


def test_a_smoke_run_and_unknown_arms_are_refused_and_without_a_study_the_page_says_so(
    script: ModuleType, tmp_path: Path
) -> None:
    for study, why in ((study_of("free", smoke=True), "a smoke run"), (study_of("mine"), "arms mine")):
        with pytest.raises(SystemExit, match=why):
            script.keep(write_lung_study(study, folder=tmp_path), results=tmp_path / "results")
    assert script.figures(tmp_path / "results") == script.trust(tmp_path / "results") == script.NOT_MEASURED

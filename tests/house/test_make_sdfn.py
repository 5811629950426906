"""The SDFN page's tables are what the paper's data and the kept study say, and no smoke run's figure gets there."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from fabricate_study import PROTOCOL, RUN, fabricate_arms
from hilum.errors import DataError
from hilum.evaluation.study.as_json import study_json_bytes
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.read import study_content
from hilum.evaluation.study.training_time import TrainingTime
from hilum.systems.sdfn.lung_cases import LungSurvey
from hilum.systems.sdfn.pictures import lungs_section
from hilum.systems.sdfn.study import SDFN

SURVEY = LungSurvey(bundle="toy-lungs 1.0.0", bundle_sha256="0", images=200, untrusted=7, flags={}, flagged=())


@pytest.fixture(scope="module")
def script(docs_script: Callable[[str], ModuleType]) -> ModuleType:
    return docs_script("make_sdfn")


def study_of(*, smoke: bool = False, folds_done: int = 5) -> StudyContent:
    arms = fabricate_arms(strength={"whole": 0.7, "lung": 0.75, "sdfn": 0.85}, smoke=smoke, without=("Hernia",))
    return study_content(SDFN, predictions=arms, run=replace(RUN, folds_done=folds_done), replicates=100)


def written(content: StudyContent, *, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    section = lungs_section(SURVEY, cases=())
    (folder / "study.json").write_bytes(study_json_bytes(SDFN, content=content, sections=(section,)))
    return folder / "study.json"


def test_what_is_kept_names_nobody_and_is_shown(script: ModuleType, tmp_path: Path) -> None:
    study = study_of()
    result = tmp_path / "results" / "sdfn.json"
    script.keep(written(study, folder=tmp_path), result=result)
    text = result.read_text()
    assert re.search(r"\d{8}_\d{3}|nih:\d", text) is None
    assert "settings" not in json.loads(text)
    shown = script.ours(result)
    mass, mean = study.aurocs.label("Mass"), study.aurocs.mean["sdfn"]
    assert f"{mass.auroc['sdfn'].value:.3f} [" in shown
    assert f"{mean.value:.3f} [{mean.interval[0]:.3f}, {mean.interval[1]:.3f}]" in shown
    assert f"Protocol: {PROTOCOL}." in shown
    assert "| Hernia | " in shown
    assert "there are no positives" in shown
    assert "**mean of 13** (without Hernia)" in shown
    assert "7 of 200 crops are whole images" in shown
    short = script.means(result)
    assert f"{mean.value:.3f} [{mean.interval[0]:.3f}, {mean.interval[1]:.3f}]" in short
    assert "mean AUROC of 13 findings" in short
    assert short.startswith(f"Protocol: {PROTOCOL};")
    for said in (shown, short):
        assert f"split `{'5' * 16}`" in said
        assert "Made by `hilum study toy <b>`." in said
    assert shown.count("| Nodule: lung crop above whole image |") == 1


def test_how_long_it_trained_stands_behind_the_command(script: ModuleType, tmp_path: Path) -> None:
    study = study_of()
    run = replace(study.run, time=TrainingTime(seconds=9000.0, trainings=15))
    result = tmp_path / "results" / "sdfn.json"
    script.keep(written(replace(study, run=run), folder=tmp_path), result=result)
    assert "Made by `hilum study toy <b>`, trained in 2.5 hours." in script.ours(result)


def test_smoke_runs_and_unfinished_studies_are_refused(script: ModuleType, tmp_path: Path) -> None:
    result = tmp_path / "sdfn.json"
    smoke = written(study_of(smoke=True), folder=tmp_path / "smoke")
    part = written(study_of(folds_done=4), folder=tmp_path / "part")
    for path, said in ((smoke, "a smoke run"), (part, "4 of 5 folds")):
        with pytest.raises(SystemExit, match=said):
            script.keep(path, result=result)
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(DataError, match="does not hold a study"):
        script.keep(tmp_path / "other.json", result=result)
    assert not result.exists()


def test_without_a_study_the_page_says_so(script: ModuleType, tmp_path: Path) -> None:
    assert script.ours(tmp_path / "none.json") == script.means(tmp_path / "none.json") == script.NOT_MEASURED

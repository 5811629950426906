"""The SDFN page's tables are what the paper's data and the kept study say, and no smoke run's figure gets there."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from fabricate_sdfn_predictions import PROTOCOL, fabricate_sdfn_predictions
from hilum.errors import DataError
from hilum.systems.sdfn.study import LungCounts, SdfnStudy, StudyRun, make_sdfn_study
from hilum.systems.sdfn.study_json import write_sdfn_json

RUN = StudyRun(
    recipe="tiny", folds_done=5, folds=5, split_sha256="ab" * 32, settings={"start.path": "weights"},
    lungs=LungCounts(images=200, untrusted=7, flags={}, bundle="toy-lungs 1.0.0"),
)  # fmt: skip


@pytest.fixture(scope="module")
def script(docs_script: Callable[[str], ModuleType]) -> ModuleType:
    return docs_script("make_sdfn")


def study_of(*, smoke: bool = False, run: StudyRun = RUN) -> SdfnStudy:
    return make_sdfn_study(fabricate_sdfn_predictions(smoke=smoke, without=("Hernia",)), run=run, replicates=100)


def test_what_is_kept_names_nobody_and_is_shown(script: ModuleType, tmp_path: Path) -> None:
    study = study_of()
    result = tmp_path / "results" / "sdfn.json"
    script.keep(write_sdfn_json(study, folder=tmp_path), result=result)
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
    assert shown.count("| Nodule: lung crop above whole image |") == 1


def test_smoke_runs_and_unfinished_studies_are_refused(script: ModuleType, tmp_path: Path) -> None:
    result = tmp_path / "sdfn.json"
    smoke = write_sdfn_json(study_of(smoke=True), folder=tmp_path / "smoke")
    part = write_sdfn_json(
        study_of(run=StudyRun(recipe="tiny", folds_done=4, folds=5, split_sha256="a" * 64)), folder=tmp_path / "part"
    )
    for path, said in ((smoke, "a smoke run"), (part, "4 of 5 folds")):
        with pytest.raises(SystemExit, match=said):
            script.keep(path, result=result)
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(DataError, match="SDFN study"):
        script.keep(tmp_path / "other.json", result=result)
    assert not result.exists()


def test_without_a_study_the_page_says_so(script: ModuleType, tmp_path: Path) -> None:
    assert script.ours(tmp_path / "none.json") == script.means(tmp_path / "none.json") == script.NOT_MEASURED

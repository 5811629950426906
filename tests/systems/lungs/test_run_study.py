"""The study of the lungs from Python, by a smoke run on fabricated releases."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_lung_releases import write_lung_releases
from fabricate_nih_chests import fabricate_nih_chests
from fabricate_progress import Heard
from hilum.errors import DataError, UsageError
from hilum.systems.lungs import more_pictures
from hilum.systems.lungs.fit import LungNetwork
from hilum.systems.lungs.more_pictures import MorePictures
from hilum.systems.lungs.pictures import LungPicture
from hilum.systems.table import study
from hilum.training.records.request import StudyRequest


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lung_releases(tmp_path_factory.mktemp("releases"), each=12)


@pytest.mark.slow
def test_it_runs_without_a_command_line_and_goes_on_where_it_was(data: Path, tmp_path: Path) -> None:
    asked = StudyRequest(name="lungs", data=(("", data),), out=tmp_path / "out", weights="random", smoke=True)
    progress = Heard()
    study(asked, progress=progress)
    fold = [line for line in progress.lines if line.startswith("fold ")]
    assert len(fold) == 5
    assert fold[0].endswith("chests to learn from, 7 to draw")
    assert progress.lines[-1] == f"wrote {tmp_path / 'out' / 'study.json'}"
    told = json.loads((tmp_path / "out" / "run.json").read_text())
    assert told["command"] == f"hilum study lungs --data {data.name} --weights random --smoke"
    assert told["split_sha256"] == json.loads((tmp_path / "out" / "split.json").read_text())["sha256"]

    kept = sorted((tmp_path / "out").glob("fold-*/*.npz"))
    assert [path.name for path in kept] == ["all.npz", "free.npz"] * 5
    kept[2].unlink()
    before = {path: path.stat().st_mtime_ns for path in kept if path.exists()}
    study(asked)
    assert {path: path.stat().st_mtime_ns for path in before} == before, "what was done is not done again"
    assert kept[2].is_file()


def test_nothing_to_tabulate_and_tables_of_another_study_are_refused(data: Path, tmp_path: Path) -> None:
    asked = StudyRequest(name="lungs-liu", data=(("", data),), out=tmp_path, smoke=True, tables_only=True)
    with pytest.raises(UsageError, match="Run the study without --tables-only first"):
        study(asked)
    with pytest.raises(UsageError, match=r"its recipe is lung-regions-liu, here lung-regions-all; "):
        study(replace(asked, name="lungs"))
    named = StudyRequest(name="lungs", data=(("lungs", data),), out=tmp_path)
    with pytest.raises(UsageError, match="lungs takes --data FOLDER once and nothing else; given: lungs="):
        study(named)


@pytest.mark.slow
def test_one_arm_learns_from_what_another_of_its_fold_drew(data: Path, tmp_path: Path, monkeypatch) -> None:
    shutil.copytree(data, tmp_path / "data")
    fabricate_nih_chests(tmp_path / "data" / "nih", patients=6)
    monkeypatch.setattr(more_pictures, "LEAST_PX", 64)
    learnt: dict[str, list[int]] = {}

    def outlined(more: MorePictures, network: LungNetwork) -> list[LungPicture]:
        found = true_outlined(more, network)
        learnt.setdefault(more.teacher.arm, []).append(len(found))
        return found

    true_outlined = MorePictures.outlined
    monkeypatch.setattr(MorePictures, "outlined", outlined)
    asked = StudyRequest(
        name="lungs-own", data=(("", tmp_path / "data"),), out=tmp_path / "out", weights="random", smoke=True
    )
    study(asked)
    assert learnt.keys() == {"free"}
    assert len(learnt["free"]) == 5
    assert min(learnt["free"]) >= 10, "phantoms at least: hardly trained networks draw nothing that is trusted"
    found = json.loads((tmp_path / "out" / "study.json").read_text())
    assert set(found["arms"]) == {"free", "own"}
    shutil.rmtree(tmp_path / "data" / "nih")
    with pytest.raises(DataError, match="There is no ChestX-ray14 in"):
        study(asked)

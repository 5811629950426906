"""The study of the gate from Python, by a smoke run of its five folds on fabricated releases."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from markupsafe import escape

from fabricate_gate_data import write_gate_data
from fabricate_progress import Heard
from hilum.errors import UsageError
from hilum.systems.gate import folds, run_study
from hilum.systems.gate.groups import FOLDS
from hilum.systems.gate.study.predictions import GatePredictions
from hilum.systems.gate.study.study import make_study
from hilum.systems.table import study
from hilum.training.records.request import StudyRequest


def test_nothing_to_tabulate_and_tables_of_another_study_are_refused(tmp_path: Path) -> None:
    asked = StudyRequest(
        name="gate", data=(("", write_gate_data(tmp_path / "data")),), out=tmp_path, smoke=True, tables_only=True
    )
    with pytest.raises(UsageError, match="Run the study without --tables-only first"):
        study(asked)
    with pytest.raises(UsageError, match=r"holds another run: its smoke is True, here False; "):
        study(replace(asked, smoke=False))


@pytest.mark.slow
def test_every_network_is_trained_once_and_tabulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps on plain grey pictures teach little that could be calibrated: the tables are written all the same."""
    left_out = {"LEFT_OUT_TYPES": (("wrist", "chest"),), "LEFT_OUT_SOURCES": (("ewen",),)}
    for name, value in ({"JUDGED_RENDERINGS": 2 * FOLDS} | left_out).items():
        monkeypatch.setattr(folds, name, value)
    tabulated: list[Sequence[GatePredictions]] = []
    monkeypatch.setattr(run_study, "make_study", lambda every: tabulated.append(every) or make_study(every))
    data = write_gate_data(tmp_path / "data")
    asked = StudyRequest(
        name="gate", data=(("", data),), out=tmp_path / "out", weights="random", smoke=True, cache=tmp_path / "cache"
    )
    progress = Heard()
    study(asked, progress=progress)
    (networks,) = tabulated
    names = [*(f"fold {fold}" for fold in range(FOLDS)), "without ewen", "without wrist, chest"]
    assert [str(one.network[0]) for one in networks] == names
    assert len({(one.source[0], one.name[0]) for one in networks[:FOLDS]}) == FOLDS
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*/predictions.npz")}
    assert len(kept) == len(names)
    assert sum("pictures to learn from" in line for line in progress.lines) == len(names)
    assert progress.lines[-1].endswith("study.html")
    page = (tmp_path / "out" / "study.html").read_text()
    told = json.loads((tmp_path / "out" / "study.json").read_text())
    assert {"xray", "curve", "left-out", "sources"} < {table["key"] for table in told["tables"]}
    for figure in (each for table in told["tables"] for each in table["figures"]):
        assert figure["value"] is not None or str(escape(figure["note"])) in page
    assert any(line.startswith("no thresholds") for line in progress.lines) == ("undefined" in told["spec"])
    assert json.loads((tmp_path / "out" / "run.json").read_text())["smoke"] is True
    study(replace(asked, tables_only=True))
    study(asked)
    assert [len(each) for each in tabulated] == [len(names)] * 3
    assert {path: path.stat().st_mtime_ns for path in kept} == kept

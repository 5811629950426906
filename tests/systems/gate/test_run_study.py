"""The study of the gate from Python, by a smoke run of its five folds on fabricated releases."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_gate_data import write_gate_data
from fabricate_progress import Heard
from hilum.errors import UsageError
from hilum.systems.gate import folds, run_study
from hilum.systems.gate.groups import FOLDS
from hilum.systems.table import study
from hilum.training.records.request import StudyRequest


def test_nothing_to_tabulate_and_tables_of_another_study_are_refused(tmp_path: Path) -> None:
    asked = StudyRequest(
        name="gate", data=(("", write_gate_data(tmp_path / "data")),), out=tmp_path, smoke=True, tables_only=True
    )
    with pytest.raises(UsageError, match="run the study without --tables-only first"):
        study(asked)
    with pytest.raises(UsageError, match=r"holds another run: its smoke is True, here False; "):
        study(replace(asked, smoke=False))


@pytest.mark.slow
def test_every_network_is_trained_once_and_tabulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables have tests of their own: two steps on plain grey pictures teach nothing that could be calibrated."""
    for name, value in (("JUDGED_RENDERINGS", 2 * FOLDS), ("LEFT_OUT_TYPES", ()), ("LEFT_OUT_SOURCES", ())):
        monkeypatch.setattr(folds, name, value)
    tabulated = []
    monkeypatch.setattr(run_study, "make_study", tabulated.append)
    monkeypatch.setattr(run_study, "write_study", lambda *_of, **_more: None)
    monkeypatch.setattr(run_study, "write_gate_page", lambda *_of, folder, **_more: folder / "study.html")
    data = write_gate_data(tmp_path / "data")
    asked = StudyRequest(
        name="gate", data=(("", data),), out=tmp_path / "out", weights="random", smoke=True, cache=tmp_path / "cache"
    )
    progress = Heard()
    study(asked, progress=progress)
    (networks,) = tabulated
    assert [str(one.network[0]) for one in networks] == [f"fold {fold}" for fold in range(FOLDS)]
    assert len({(one.source[0], one.name[0]) for one in networks}) == FOLDS
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*/predictions.npz")}
    assert len(kept) == FOLDS
    assert sum("pictures to learn from" in line for line in progress.lines) == FOLDS
    assert progress.lines[-1].endswith("study.html")
    assert json.loads((tmp_path / "out" / "run.json").read_text())["smoke"] is True
    study(replace(asked, tables_only=True))
    study(asked)
    assert [len(each) for each in tabulated] == [FOLDS] * 3
    assert {path: path.stat().st_mtime_ns for path in kept} == kept

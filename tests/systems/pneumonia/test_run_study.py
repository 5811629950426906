from pathlib import Path

import pytest

from hilum.errors import DataError
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.pneumonia import run_study
from hilum.systems.pneumonia.arms import paper_arms
from hilum.systems.pneumonia.run_study import PneumoniaOptions, study_pneumonia
from hilum.training.records.request import StudyRequest


def test_the_tables_stand_before_the_test_is_looked_at_and_tell_of_the_look_after(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[str] = []

    def does(name: str) -> None:
        monkeypatch.setattr(run_study, name, lambda *_, **__: done.append(name))

    for name in ("_run", "_write_tables", "_look"):
        does(name)
    monkeypatch.setattr(run_study, "_prepare", lambda *_, **__: _Prepared())
    request = StudyRequest(name="pneumonia", data=(), out=tmp_path)
    study_pneumonia(request=request, own=PneumoniaOptions(look_at_test=True))
    assert done == ["_run", "_write_tables", "_look", "_write_tables"]
    done.clear()

    def breaks(*_: object, **__: object) -> None:
        raise DataError("the look failed")

    monkeypatch.setattr(run_study, "_look", breaks)
    with pytest.raises(DataError, match="the look failed"):
        study_pneumonia(request=request, own=PneumoniaOptions(look_at_test=True))
    assert done == ["_run", "_write_tables"]


class _Prepared:
    words = tuple(one.words for one in paper_arms(RandomWeights()))

import json
from pathlib import Path

import pytest

from hilum.training.records.timed import timed


def read(folder: Path) -> tuple[float, bool]:
    found = json.loads((folder / "time.json").read_text())
    return found["seconds"], found["cut_short"]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Its last element is now."""
    now = [0.0]
    monkeypatch.setattr("hilum.training.records.timed.time.monotonic", lambda: now[-1])
    return now


def test_what_a_kill_ends_is_known_to_have_taken_longer(tmp_path: Path, clock: list[float]) -> None:
    folder = tmp_path / "fold-0" / "a"
    with timed(folder):
        assert read(folder) == (0.0, True), "what a kill would leave"
        left = (folder / "time.json").read_bytes()
        clock.append(3.0)
    assert read(folder) == (3.0, False)
    (folder / "time.json").write_bytes(left)
    with timed(folder):
        clock.append(4.5)
    assert read(folder) == (1.5, True)


def test_a_training_that_an_older_version_began_has_no_whole_time(tmp_path: Path, clock: list[float]) -> None:
    (tmp_path / "last.ckpt").touch()
    with timed(tmp_path):
        clock.append(2.0)
    assert read(tmp_path) == (2.0, True)


def test_a_torn_file_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "time.json").write_text("{")
    with timed(tmp_path):
        pass
    assert read(tmp_path) == (0.0, True)


def test_of_several_processes_the_first_keeps_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hilum.training.records.timed.is_first_process", lambda: False)
    with timed(tmp_path):
        pass
    assert not list(tmp_path.iterdir())

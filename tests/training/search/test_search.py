"""A search from its start to its end, whoever is killed on the way; trials pretend to train."""

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import fabricate_trials
from fabricate_progress import Heard
from fabricate_trials import EPOCHS, began, search_here, value_of
from hilum.training.search.hands import Job, LocalHand, LocalHands, why_it_failed
from hilum.training.search.space import Floats
from hilum.training.search.trials import Record
from wait_for import wait_for

SERVER = multiprocessing.get_context("forkserver")


@pytest.fixture(autouse=True)
def _forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Import torch once for the trials, not in each anew; those of a driver that is killed are as they always are."""
    SERVER.set_forkserver_preload(["hilum.training.search.hands", "hilum.training.search.search"])
    monkeypatch.setattr("hilum.training.search.hands._SPAWN", SERVER)
    monkeypatch.setattr("hilum.training.search.search.LOOK_EVERY_S", 0.1)


@pytest.mark.slow
def test_trials_are_trained_followed_stopped_early_and_the_best_is_known(tmp_path: Path) -> None:
    progress = Heard()
    record = search_here(tmp_path, trials=5, jobs=2, progress=progress)
    rows = record.rows()
    assert began(tmp_path) == {f"{number:04d}": 1 for number in range(5)}
    assert {row.state for row in rows} <= {"ended", "stopped early"}
    for row in rows:
        settings = tuple(f"{key}={text}" for key, text in row.spelled.items())
        assert row.values == {
            epoch + 1: pytest.approx(value_of(settings, epoch=epoch)) for epoch in range(len(row.values))
        }
        assert row.state != "ended" or len(row.values) == EPOCHS
    ended = [row for row in rows if row.state == "ended"]
    best = record.best()
    assert best is not None
    assert best.value == max(row.value or 0.0 for row in ended)
    assert search_here(tmp_path, trials=5).rows() == rows, "nothing is left to do"
    assert len(search_here(tmp_path, trials=6).rows()) == 6


@pytest.mark.slow
def test_a_driver_that_is_killed_loses_no_ended_trial_and_its_trials_are_begun_again(tmp_path: Path) -> None:
    """SIGKILL while two trials train and others have ended."""
    search_here(tmp_path, trials=2)
    before = Record(tmp_path, fields=fabricate_trials.FIELDS, goal=fabricate_trials.GOAL, least_epochs=1, seed=0).rows()
    (tmp_path / "slow").touch()
    script = Path(fabricate_trials.__file__)
    driver = subprocess.Popen([sys.executable, str(script), str(tmp_path), "4", "2"], stdin=subprocess.DEVNULL)
    wait_for(lambda: len(list(tmp_path.glob("*/train/log/metrics.csv"))) == 4)
    hands = children_of(driver.pid)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert hands
    wait_for(lambda: not any(alive(pid) for pid in hands), seconds=20.0)
    left = Record(tmp_path, fields=fabricate_trials.FIELDS, goal=fabricate_trials.GOAL, least_epochs=1, seed=0).rows()
    assert left[:2] == before
    assert [row.state for row in left[2:]] == ["not ended", "not ended"]
    (tmp_path / "slow").unlink()
    progress = Heard()
    rows = search_here(tmp_path, trials=4, jobs=2, progress=progress).rows()
    assert any("going on with trial 2, 3, which had not ended; 2 had" in line for line in progress.lines)
    assert rows[:2] == before
    assert [row.spelled for row in rows] == [row.spelled for row in left]
    assert {row.state for row in rows[2:]} <= {"ended", "stopped early"}
    assert began(tmp_path) == {"0000": 1, "0001": 1, "0002": 2, "0003": 2}


def children_of(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return not state.stdout.strip().startswith("Z") and bool(state.stdout.strip())


@pytest.mark.slow
def test_a_trial_that_fails_is_one_line_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = (Floats("optimizer.learning_rate", 0.6, 0.7),)
    progress = Heard()
    monkeypatch.setattr(fabricate_trials, "FIELDS", fails)
    record = search_here(tmp_path, trials=2, progress=progress)
    assert [row.state for row in record.rows()] == ["failed", "failed"]
    failed = [line for line in progress.lines if "failed" in line]
    assert len(failed) == 2
    assert failed[0].startswith("trial 0: failed: expected a rate that trains, came 0.6")
    assert record.best() is None


@pytest.mark.slow
def test_an_interrupted_driver_ends_its_trials_and_leaves_them_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands: list[LocalHand] = []

    class Started(LocalHands):
        def start(self, job: Job) -> LocalHand:
            hands.append(super().start(job))
            return hands[-1]

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:
        interrupted.setattr("hilum.training.search.search.time.sleep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            search_here(tmp_path, trials=2, hands=Started())
    assert hands[0].exit_code() is not None
    assert {row.state for row in search_here(tmp_path, trials=2).rows()} <= {"ended", "stopped early"}


def test_why_a_trial_failed_is_its_last_line(tmp_path: Path) -> None:
    log = tmp_path / "trial.log"
    assert why_it_failed(log, exit_code=3) == "its process ended with 3 and said nothing"
    log.write_text("epoch 1\n\nValueError: no such thing\n\n")
    assert why_it_failed(log, exit_code=1) == "ValueError: no such thing"
    assert why_it_failed(log, exit_code=-9) == "its process was killed by signal 9, as where memory runs out"

"""Trials that actors of Ray train, where Ray is installed: as safe as those of this machine's own processes."""

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import fabricate_trials
from fabricate_trials import FIELDS, GOAL, InThisProcess, began, search_here
from hilum.errors import UsageError
from hilum.training.search.trials import Record
from wait_for import wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed"),
]


def test_a_driver_that_is_killed_loses_no_ended_trial_and_its_trials_are_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL of a driver whose two trials actors train; another driver, with actors too, ends them."""
    from hilum.ray_cluster import HERE
    from hilum.training.search.ray_hands import RayHands

    paths = [str(Path(fabricate_trials.__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))  # Ray's own processes find what the trials are made of
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    search_here(tmp_path, trials=1, hands=InThisProcess())
    before = Record(tmp_path, fields=FIELDS, goal=GOAL, least_epochs=1, seed=0).rows()
    assert [row.state for row in before] == ["ended"]
    (tmp_path / "slow").touch()
    words = [sys.executable, fabricate_trials.__file__, str(tmp_path), "3", "2", "ray"]
    driver = subprocess.Popen(words, stdin=subprocess.DEVNULL)
    wait_for(lambda: len(list(tmp_path.glob("*/train/log/metrics.csv"))) == 3)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    left = Record(tmp_path, fields=FIELDS, goal=GOAL, least_epochs=1, seed=0).rows()
    assert left[0] == before[0]
    assert [row.state for row in left] == ["ended", "not ended", "not ended"]
    logs = {path: path.read_bytes() for path in tmp_path.glob("*/train/log/metrics.csv")}
    (tmp_path / "slow").unlink()
    rows = search_here(tmp_path, trials=3, jobs=2, hands=RayHands(HERE)).rows()
    assert rows[0] == before[0]
    assert [row.spelled for row in rows] == [row.spelled for row in left]
    assert {row.state for row in rows[1:]} <= {"ended", "stopped early"}
    assert began(tmp_path) == {"0000": 1, "0001": 2, "0002": 2}
    assert logs


def test_no_ray_at_the_address_is_one_line() -> None:
    from hilum.training.search.ray_hands import RayHands

    with pytest.raises(UsageError, match=r"No Ray runs at 127\.0\.0\.1:1") as raised:
        RayHands("127.0.0.1:1")
    assert "\n" not in str(raised.value)


class _Actor:
    """As much of an actor as a hand talks to; it answers once it is `placed`."""

    def __init__(self) -> None:
        self.placed, self.code, self.told = False, None, []
        self.exit_code = self.stop = self

    def remote(self) -> "_Actor":
        return self


def test_an_actor_without_room_is_not_waited_for_and_an_ended_one_makes_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hilum.training.search import ray_hands

    def get(actor: _Actor) -> int | None:
        assert actor.placed, "it would wait for ever"
        return actor.code

    killed: list[_Actor] = []
    stand_in = SimpleNamespace(
        get=get,
        wait=lambda asked, timeout: ([one for one in asked if one.placed], []),
        kill=killed.append,
        exceptions=SimpleNamespace(RayError=RuntimeError),
    )
    monkeypatch.setattr(ray_hands, "ray", stand_in)
    first, second = _Actor(), _Actor()
    hands = [ray_hands.RayHand(actor, log=tmp_path / "log") for actor in (first, second)]
    first.placed = True
    assert [hand.exit_code() for hand in hands] == [None, None]
    assert not killed
    first.code = 0
    assert [hand.exit_code() for hand in hands] == [0, None]
    assert killed == [first]
    hands[1].stop()
    assert killed == [first, second]

"""Actors of Ray, where Ray is installed: the bytes of processes of this machine; a head that dies is one line."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import fabricate_screening
from fabricate_screening import Here, OpenFast, names, planned, run_here
from hilum.errors import BundleError, UsageError
from hilum.screening.plan import PARTS
from hilum.screening.run import published, run_plan

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed"),
]


@pytest.fixture(autouse=True)
def _found_by_actors(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [str(Path(fabricate_screening.__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")


def test_actors_that_die_by_chance_and_a_film_that_kills_give_the_bytes_of_processes(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    all_names = [*names(20), "kills.png", *names(40)[21:]]
    plan, same = planned(tmp_path, all_names, shard_films=4), planned(tmp_path / "here", all_names, shard_films=4)
    done = run_here(plan, asked=OpenFast(deadly=0.1), workers=2, ray=True)
    run_plan(same, crew=Here(dies="kills"))
    assert (done.shards, done.failed) == (10, 1)
    parts, others = (sorted((where / "plan" / PARTS).iterdir()) for where in (tmp_path, tmp_path / "here"))
    assert [path.read_bytes() for path in parts] == [path.read_bytes() for path in others]


def test_a_refusal_is_its_one_line(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="other models"):
        run_here(planned(tmp_path, names(3)), asked=OpenFast(refuses="other models"), workers=1, ray=True)


def test_no_ray_at_the_address_is_one_line() -> None:
    from hilum.screening.ray_crew import RayCrew

    with pytest.raises(UsageError, match=r"No Ray runs at 127\.0\.0\.1:1 .*\. Start it: ray start --head") as raised:
        RayCrew(OpenFast(), address="127.0.0.1:1", workers=1)
    assert "\n" not in str(raised.value)


HEAD_DIES = """
import sys
from pathlib import Path
import psutil, ray
from fabricate_screening import OpenFast
from hilum.errors import HilumError
from hilum.ray_cluster import HERE
from hilum.screening.place import FolderPlace
from hilum.screening.plan import open_plan
from hilum.screening.ray_crew import RayCrew
from hilum.screening.run import run_plan

crew = RayCrew(OpenFast(slow_s=0.2), address=HERE, workers=1)
def kill_the_head(done):
    if done.shards == 2:
        for process in psutil.Process().children(recursive=True):
            if "gcs_server" in process.name():
                process.kill()
try:
    run_plan(open_plan(FolderPlace(Path(sys.argv[1]))), crew=crew, progress=kill_the_head)
except HilumError as error:
    print(error, flush=True)
"""


def test_a_head_that_dies_is_one_line_and_the_same_run_goes_on(tmp_path: Path) -> None:
    plan = planned(tmp_path, names(200), shard_films=1)
    words = [sys.executable, "-c", HEAD_DIES, str(tmp_path / "plan")]
    said = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    assert "no longer answers; start it again: what is read stays; give the same command again" in said.stdout, said
    before = len(published(plan))
    assert 2 <= before < 200
    assert run_plan(plan, crew=Here()).shards == 200 - before

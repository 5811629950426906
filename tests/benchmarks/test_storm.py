"""The storm finds what is lost or doubled, and a short one over the real programs finds nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fabricate_service import toy_bundle
from run_orthanc import PROGRAM

pytest.importorskip("psutil", reason="psutil is not installed")
pytest.importorskip("pynetdicom", reason="the service is not installed: pip install 'hilum[serve]'")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def storm(benchmark_named: Callable[[str], ModuleType]) -> Any:
    return benchmark_named("storm")


def kept(*images: Any) -> list[dict[str, str]]:
    """What an archive has where nothing is wrong."""
    kinds = ("SR", "PR", "OT")
    return [
        {"StudyInstanceUID": image.study, "Modality": kind, "Of": image.instance} for image in images for kind in kinds
    ]


def test_images_differ_and_are_the_same_for_a_seed(storm: Any) -> None:
    sent = storm.images(10, seed=1, pixels=64)
    assert len({image.data for image in sent}) == len({image.study for image in sent}) == 10
    assert storm.images(10, seed=1, pixels=64) == sent
    assert {image.study for image in storm.images(10, seed=2, pixels=64)}.isdisjoint(image.study for image in sent)


def test_what_is_lost_doubled_or_of_another_is_found(storm: Any) -> None:
    first, second = storm.images(2, seed=1, pixels=64)
    sent, told = [first, second], {first.instance}
    everything = kept(first, second)
    assert storm.wrong(sent, everything, told=told) == []
    assert storm.wrong(sent, kept(second), told=told) == [
        f"image {first.instance} of which a sender was told success has nothing in the archive"
    ]
    assert storm.wrong(sent, [*everything, everything[0]], told=set()) == [
        f"image {first.instance} has {{'SR': 2, 'PR': 1, 'OT': 1}} in the archive"
    ]
    nameless = [{**everything[0], "Of": second.instance}, *everything[1:]]
    assert storm.wrong(sent, nameless, told=told) == [f"a SR of study {first.study} does not name its image"]
    strange = {"StudyInstanceUID": "1.2.3", "Modality": "SR"}
    assert storm.wrong(sent, [*everything, strange], told=told) == [
        "an object of no image that was sent: SR of study 1.2.3"
    ]


def test_the_listener_s_own_tables_and_log_count(storm: Any) -> None:
    jobs, outbox = {"rows": 2, "done": 2, "failed": 0}, {"rows": 6, "delivered": 6}
    assert storm.counted(jobs, outbox, studies=2, told="listening as HILUM") == []
    found = storm.counted({**jobs, "done": 1, "failed": 1}, {"rows": 6, "delivered": 5}, studies=2, told="a defect\nb")
    assert found == [
        "2 images became 2 jobs, 1 done and 1 failed",
        "5 of 6 objects in the outbox were delivered",
        "the listener told of a defect: a defect",
    ]


@pytest.mark.slow
@pytest.mark.skipif(not Path(PROGRAM).exists(), reason="Orthanc is not installed (apt install orthanc)")
def test_a_short_storm_loses_and_doubles_nothing(tmp_path: Path) -> None:
    words = ["--studies=12", "--kills=1", "--away=3", "--kill-pause=3", "--sender-pause=1", "--patience=200"]
    toy = toy_bundle(tmp_path / "toy").folder
    done = subprocess.run(
        [sys.executable, "benchmarks/storm.py", *words, "--readers", "1", "--model", str(toy), "--seed", "3"],
        cwd=ROOT, env={**os.environ, "HILUM_MODELS": str(tmp_path / "none")},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)["storm"]
    assert found["wrong"] == []
    assert (found["told_success"], found["jobs"]["done"], found["outbox"]["delivered"]) == (12, 12, 36)
    assert min(found["kills"][victim] for victim in ("reader", "listener", "archive")) >= 1

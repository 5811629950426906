"""The benchmark of the service runs, loses nothing, and judges growth by a slope with its interval."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fabricate_service import toy_bundle

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'hilum[serve]'")
pytest.importorskip("psutil", reason="psutil is not installed")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def service(benchmark_named: Callable[[str], ModuleType]) -> Any:
    return benchmark_named("service")


def test_no_two_files_have_the_same_bytes(service: Any) -> None:
    pictures = service.Pictures(pixels=64)
    assert len({*pictures.some(20), *pictures.some(20)}) == 40


@pytest.mark.parametrize("grown", [0.0, 12.0])
def test_growth_is_the_slope_of_the_looks(service: Any, grown: float) -> None:
    chance = random.Random(0)
    looks = [(at, 200.0 + grown * at / 10_000 + chance.gauss(0, 0.2)) for at in range(1_000, 10_001, 90)]
    found = service.slope(looks)
    assert found["low"] < grown < found["high"]
    assert found["high"] - found["low"] < 2.0


def test_a_file_that_is_lost_or_read_twice_is_found(service: Any) -> None:
    soak = {"files": 9, "ids": 9, "rows": 9, "done": 9, "failed": 0, "begun": 9, "growth": {}}

    def values(**changed: int) -> list[float]:
        return [each["value"] for each in service.targets_of(None, {**soak, **changed})]

    assert values() == [0, 0]
    assert values(ids=8) == [1, 0]
    assert values(done=8, failed=1) == [2, 0]
    assert values(begun=10) == [0, 1]


def test_the_interval_holds_the_median(service: Any) -> None:
    low, high = service.resampled([0.7, 0.8, 0.85, 0.9, 0.95])
    assert 0.7 <= low <= 0.85 <= high <= 0.95


@pytest.mark.slow
def test_a_short_soak_loses_nothing(tmp_path: Path) -> None:
    toy = toy_bundle(tmp_path / "toy").folder
    words = ["--quick", "--pixels", "64", "--model", str(toy), "--out", str(tmp_path / "results")]
    done = subprocess.run(
        [sys.executable, "benchmarks/service.py", *words],
        cwd=ROOT, env={**os.environ, "HILUM_MODELS": str(tmp_path / "none")},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout)
    assert report == json.loads((tmp_path / "results" / "service.json").read_text())
    soak, rate = report["soak"], report["rate"]
    assert [soak[name] for name in ("ids", "rows", "files", "done", "failed", "begun")] == [60, 60, 60, 60, 0, 60]
    assert report["quick"]
    assert rate["ratio"]["least"] <= rate["ratio"]["median"] <= rate["ratio"]["largest"]
    assert min(rate["alone_files_a_second"], rate["served_files_a_second"]) > 0
    assert set(soak["growth"]) >= {"server", "reader 1"}
    reached = {each["what"]: each["reached"] for each in report["targets"]}
    assert reached["files lost"]
    assert reached["files read twice"]

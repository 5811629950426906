import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.slow
def test_it_runs_and_says_what_it_measured(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "training.py"), "--quick", "--threads", "1", "--out", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "training.json").read_text())
    assert report["quick"] is True
    dense, mobile = report["networks"]
    # 2.83 and 0.30 billion multiply-adds forward, as the papers' tables have it; twice that in operations, and thrice
    # with the backward pass
    assert dense["gflop_per_image"] == pytest.approx(2.83 * 6, rel=0.05)
    assert mobile["gflop_per_image"] == pytest.approx(0.30 * 6, rel=0.1)
    for network in (dense, mobile):
        assert network["loss_difference"] < 0.02
        assert network["network"] in result.stdout
    assert [each["wanted"] for each in report["targets"]] == ["at least 1.8", "at most 0.05"] * 2
    assert report["device"] != "CPU" or report["gpu"] == "not measured"

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "capsules.py"


@pytest.mark.slow
def test_it_runs_and_says_what_it_wanted(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARK), "--quick", "--out", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "capsules.json").read_text())
    assert report["quick"] is True
    assert [each["wanted"] for each in report["targets"]] == ["at least 0.985", *["at most 4"] * 4]
    by = {(each["network"], each["side"]): each for each in report["memory"]}
    for routing in ("shared", "local"):
        # at most linear in pixels: 224 pixels are 64 times those of 28
        assert by[routing, 224]["saved_mb"] <= 64 * by[routing, 28]["saved_mb"]
        assert by[routing, 224]["step_mb"] < by["dense", 224]["step_mb"] / 50
    # the paper's weights: two convolutions, a pair for each of 1,152 capsules and 14 labels, and the painter
    convolutions = 256 * 81 + 256 + 256 * 256 * 81 + 256
    painter = 14 * 16 * 512 + 512 + 512 * 1024 + 1024 + 1024 * 784 + 784
    weights = convolutions + 1152 * 14 * 8 * 16 + painter
    assert by["dense", 28]["weights_mb"] == pytest.approx(4 * weights / 2**20, abs=0.1)

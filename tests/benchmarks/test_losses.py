import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "losses.py"


@pytest.mark.slow
def test_it_runs_and_says_what_every_loss_costs(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARK), "--quick", "--out", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "losses.json").read_text())
    assert report["quick"] is True
    assert [case["batch"] for case in report["cases"]] == [[256, 14], [4096, 14]]
    assert [each["wanted"] for each in report["targets"]] == ["at most 1.3", "at most 1.3"]
    for case in report["cases"]:
        assert len(case["microseconds"]) == 6
        assert min(case["microseconds"].values()) > 0

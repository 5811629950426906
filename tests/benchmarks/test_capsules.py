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
    assert [each["wanted"] for each in report["targets"]] == ["at least 0.985"]
    by_side = {each["side"]: each for each in report["megabytes"]}
    # at most linear in pixels: 224 pixels are 64 times those of 28
    assert by_side[224]["shared"] <= 64 * by_side[28]["shared"]
    assert by_side[224]["shared"] < by_side[224]["own"] / 100

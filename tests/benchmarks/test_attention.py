import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "attention.py"


@pytest.mark.slow
def test_it_runs_and_says_what_it_wanted(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARK), "--quick", "--out", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "attention.json").read_text())
    assert report["quick"] is True
    assert [each["wanted"] for each in report["targets"]] == ["at most 0.1", "at most 20"]
    assert set(report["milliseconds"]) == {"looking twice", "looks that lie ready"}

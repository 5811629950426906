import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.slow
def test_it_runs_and_says_what_it_measured(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "pages.py"), "--quick", "--threads", "1", "--out", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "pages.json").read_text())
    assert report["quick"] is True
    for parts in report["films"].values():
        assert parts["overlay"]["kB"] * 3 < parts["overlay as PNG, for comparison"]["kB"]
        assert parts["page"]["kB"] > parts["JSON"]["kB"] > 0
    assert report["index"]["rows"] == 50
    assert report["folder"]["images a second, JSON alone"] > 0
    assert "files of an image, kB" in result.stdout

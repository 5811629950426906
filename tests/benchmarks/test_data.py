import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.slow
def test_it_runs_and_says_what_it_measured(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "data.py"), "--quick", "--threads", "1", "--out", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "data.json").read_text())
    assert report["quick"] is True
    assert len(report["sets"]) == 8
    cached_kb = {each["set"]: each["cached_kb"] for each in report["sets"]}
    assert cached_kb["JPEG, RGB, 224 px"] == pytest.approx(224 * 224 / 1e3, rel=0.01), "8 bits a pixel"
    assert cached_kb["PNG, 8-bit grey, 1024 px"] == pytest.approx(4 * 224 * 224 / 1e3, rel=0.01), "32 bits a pixel"
    for each in report["sets"]:
        assert each["set"] in result.stdout
        assert each["from_cache"] > each["from_files"] > 0

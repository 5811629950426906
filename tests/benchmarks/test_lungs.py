import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.slow
def test_it_runs_and_says_what_it_measured(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "lungs.py"), "--quick", "--threads", "1", "--out", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "lungs.json").read_text())
    assert report["quick"] is True
    assert report["network"]["3 passes and the rules, ms"] > report["network"]["one pass, ms"] > 0
    with_lungs, without = report["folder"]["with lungs"], report["folder"]["without lungs"]
    assert set(with_lungs["parts_ms"]) == {"decode", "prepare", "gate", "lungs", "specialists", "write"}
    assert set(without["parts_ms"]) == {"decode", "prepare", "gate", "specialists", "write"}
    assert [each["wanted"] for each in report["targets"]] == ["at most 60"]
    assert "one pass of the lung network" in result.stdout

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "occlusion.py"


@pytest.mark.slow
def test_it_prints_both_costs_and_their_ratio() -> None:
    command = [sys.executable, str(BENCHMARK), "--rounds", "1"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    found = dict(re.findall(r"^\| (class map|occlusion|ratio) \|[^|]*\| ([\d.]+) \|$", result.stdout, re.MULTILINE))
    assert float(found["occlusion"]) == pytest.approx(float(found["class map"]) * float(found["ratio"]), rel=0.1)

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "backbones.py"


@pytest.mark.slow
def test_it_runs_and_prints_a_row_for_each_name() -> None:
    command = [sys.executable, str(BENCHMARK), "squeezenet1_1", "--batch", "1", "--rounds", "1"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    name, pixels, millions, forward, trained = result.stdout.splitlines()[-1].strip("| ").split(" | ")
    assert (name, pixels, millions) == (
        "`squeezenet1_1`",
        "224",
        "0.7",
    )  # 722,496 parameters, as torchvision counts them
    assert float(forward) > 0
    assert float(trained) > 0

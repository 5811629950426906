import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.slow
def test_it_runs_and_agrees_with_weighted_scikit_learn(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "statistics.py"), "--quick", "--out", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "statistics.json").read_text())
    assert report["quick"] is True
    assert [case["wanted"] for case in report["cases"]] == [80, 30, None]
    assert [each["wanted"] for each in report["targets"]] == [
        "at least 80", "at most 2000", "at least 30", "at most 2000",
    ]  # fmt: skip
    for case in report["cases"]:
        assert case["largest_difference"] < 1e-12
        assert case["peak_mb"] < 2000
        assert case["case"] in result.stdout


def test_the_file_does_not_hide_the_standard_librarys_module() -> None:
    """A script in the folder has the folder first on its path."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); import statistics; print(statistics.median([3, 1, 2]))"
    command = [sys.executable, "-c", code, str(BENCHMARKS)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "2\n"

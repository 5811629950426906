"""The size benchmark counts by distribution, compares with its last measurement, and names what moved."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def installation(benchmark_named: Callable[[str], ModuleType]) -> ModuleType:
    return benchmark_named("installation")


MEASURED = {
    "hilum": {"installed": {"numpy": 70.0, "hilum": 10.0}, "downloaded": {"numpy": 20.0, "hilum": 9.0}},
    "torchxrayvision": {"installed": {"torch": 700.0, "numpy": 70.0}, "downloaded": {"torch": 180.0, "numpy": 20.0}},
}


def test_sums_and_the_share_of_the_peer(installation: ModuleType) -> None:
    report = installation.results(MEASURED)
    assert report["mb"] == {
        "hilum": {"installed": 80.0, "downloaded": 29.0},
        "torchxrayvision": {"installed": 770.0, "downloaded": 200.0},
    }
    values = {each["what"]: each["value"] for each in report["targets"]}
    assert values == {
        "installed: hilum / torchxrayvision": round(80 / 770, 3),
        "downloaded: hilum / torchxrayvision": round(29 / 200, 3),
    }


def test_what_moved_since_the_last_measurement(installation: ModuleType) -> None:
    before = installation.results(MEASURED)
    grown = {**MEASURED, "hilum": {**MEASURED["hilum"], "installed": {"numpy": 81.0, "hilum": 10.01, "new": 0.3}}}
    lines = installation.lines(installation.results(grown), before=before)
    after = lines[lines.index("since the last measurement, hilum, installed:") + 1 :]
    assert [line.split() for line in after] == [
        ["+11.00", "MB", "numpy", "(70.00", "->", "81.00)"],
        ["+0.30", "MB", "new", "(0.00", "->", "0.30)"],
    ]
    assert installation.lines(before, before=before)[-1] == "  nothing moved"
    assert not [line for line in installation.lines(before, before=None) if "since" in line]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("typing_extensions-4.16.0-py3-none-any.whl", "typing-extensions"),
        ("torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl", "torch"),
        ("PyYAML-6.0.4.tar.gz", "pyyaml"),
        ("grad-cam-1.5.7.tar.gz", "grad-cam"),
    ],
)
def test_the_distribution_of_a_file(installation: ModuleType, file: str, name: str) -> None:
    assert installation._distribution(Path(file)) == name


def test_the_survey_counts_the_bytes_of_each_distribution(installation: ModuleType) -> None:
    done = subprocess.run([sys.executable, "-c", installation.SURVEY], capture_output=True, text=True, check=True)
    sizes = json.loads(done.stdout)
    assert sizes["numpy"] > 10_000_000
    assert sizes["shellingham"] < 1_000_000

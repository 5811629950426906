import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(benchmark_named):
    return benchmark_named("before_and_after")


def test_sides_take_turns_and_each_ratio_is_of_one_turn(benchmark, tmp_path):
    """A machine that gets slower all the while: medians of each side would say what the machine did."""
    asked, seconds = [], iter([99.0, 1.0, 4.0, 1.0, 8.0, 4.0, 30.0, 10.0])

    def measure(tree, side):
        asked.append((side, tree))
        return {"image": next(seconds)}

    told = benchmark.in_turns("it", measure, before=tmp_path, rounds=3)
    assert asked == [("before", tmp_path), ("after", benchmark.ROOT)] * 4
    assert told["first_turn"] == {"before": {"image": 99.0}, "after": {"image": 1.0}}
    assert told["seconds"]["image"]["before"] == {"median": 8.0, "least": 4.0, "largest": 30.0}
    assert told["ratio"]["image"] == {"median": 3.0, "least": 2.0, "largest": 4.0}


def test_training_must_be_faster_and_reading_not_slower(benchmark):
    def measured(**ratios):
        return {"ratio": {took: {"median": ratio} for took, ratio in ratios.items()}}

    found = benchmark.targets(
        {
            "train gate": measured(image=1.31, epoch=0.5),
            "train lungs": measured(image=1.29),
            "cold hilum read": measured(process=0.96),
            "reading": measured(image=0.94),
        }
    )
    assert [each["reached"] for each in found] == [True, False, True, False]


@pytest.mark.slow
def test_it_compares_this_tree_with_a_revision(tmp_path):
    words = ["--quick", "--reading", "HEAD", "--out", str(tmp_path)]
    command = [sys.executable, str(BENCHMARKS / "before_and_after.py"), *words]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "before_and_after.json").read_text())
    assert report["quick"] is True
    assert set(report["measures"]) == {"cold hilum read", "reading"}
    for measured in report["measures"].values():
        for ratio in measured["ratio"].values():
            assert 1 / 5 < ratio["median"] < 5  # the same code on both sides
    assert report["revisions"]["reading, before"] == report["revisions"]["after"].rstrip("+")
    assert "cold hilum read" in result.stdout

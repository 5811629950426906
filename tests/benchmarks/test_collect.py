"""The list of benchmarks holds every script, and what collects their figures goes on where it was stopped."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture
def listed(benchmark_named: Callable[[str], ModuleType]) -> Any:
    """The module of the list."""
    return benchmark_named("listed")


def collect(out: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / "collect.py"), "--out", str(out), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def test_every_script_is_a_benchmark_or_part_of_one(listed: Any) -> None:
    scripts = {path.name for path in BENCHMARKS.glob("*.py")}
    run = {each.script for each in listed.BENCHMARKS}
    assert run | listed.PARTS.keys() == scripts
    assert run.isdisjoint(listed.PARTS)
    names = [each.name for each in listed.BENCHMARKS]
    assert len(set(names)) == len(names)


def test_every_benchmark_that_a_page_names_is_listed(listed: Any) -> None:
    run = {each.script for each in listed.BENCHMARKS} | {"before_and_after.py"}
    pages = [*ROOT.glob("docs/**/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    named = {name for page in pages for name in re.findall(r"benchmarks/(\w+\.py)", page.read_text(encoding="utf-8"))}
    assert named <= run | {"collect.py"}


def test_options_of_a_benchmark_are_its_scripts(listed: Any) -> None:
    for each in listed.BENCHMARKS:
        text = (BENCHMARKS / each.script).read_text(encoding="utf-8")
        if each.script == "statistics.py":
            text = (BENCHMARKS / "bootstrap_speed.py").read_text(encoding="utf-8")
        asked = [*each.words, *(each.quick or ()), *(() if each.report in ("text", "printed") else ("--out",))]
        for word in asked:
            assert not word.startswith("--") or f'"{word}"' in text, f"{each.script} has no {word}"


def test_no_kept_report_names_a_folder_of_the_machine_it_was_made_on() -> None:
    for report in sorted((BENCHMARKS / "results").glob("*.json")):
        named = re.findall(r'"(?:[A-Za-z]:)?[/\\\\][^"]*"', report.read_text(encoding="utf-8"))
        assert not named, report.name


@pytest.mark.slow
def test_it_measures_says_on_what_and_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    words = ("--quick", "--only", "gate", "--only", "screening-plan")
    first = collect(tmp_path, *words)
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[1].split() == ["value", "load", "what"]
    gate = json.loads((tmp_path / "gate.json").read_text())
    assert gate["quick"] is True
    assert any("network in batches of 16" in line for line in gate["lines"])
    assert {"flags", "versions", "load_before", "load_after", "seconds", "date", "sources_sha256"} <= gate["run"].keys()
    assert gate["run"]["versions"]["onnxruntime"]
    assert gate["machine"]["processor"] == gate["run"]["processor"]
    plan = json.loads((tmp_path / "screening-plan.json").read_text())
    assert (plan["films"], plan["run"]["words"]) == (500, ["plan", "--films", "500"])
    (tmp_path / "gate.json").unlink()
    before = (tmp_path / "screening-plan.json").read_bytes()
    again = collect(tmp_path, *words)
    assert "screening-plan: measured already" in again.stderr
    assert "gate: quick" in again.stderr
    assert (tmp_path / "screening-plan.json").read_bytes() == before


def test_what_lacks_its_data_is_left_out_and_a_wrong_name_is_refused(tmp_path: Path) -> None:
    done = collect(tmp_path, "--only", "burned_in", "--shared", str(tmp_path / "nowhere"))
    assert done.returncode == 0
    assert "burned_in: left out, no releases lie in" in done.stderr
    assert not (tmp_path / "burned_in.json").exists()
    assert collect(tmp_path, "--only", "speed").returncode == 2


def test_one_that_fails_is_said_and_ends_with_one(tmp_path: Path, listed: Any) -> None:
    """A folder in the place of the report cannot be replaced; what is measured before it stays."""
    (tmp_path / "screening-plan.json").mkdir()
    (tmp_path / "screening-plan.json" / "in the way").touch()
    done = collect(tmp_path, "--quick", "--only", "screening-plan")
    assert done.returncode == 1
    assert "failed: screening-plan" in done.stderr

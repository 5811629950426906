import json
import subprocess
import sys
from pathlib import Path

import pytest

from fabricate_lungs import write_lung_bundle

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.slow
def test_it_runs_and_says_what_it_measured(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "lungs.py"), "--quick", "--threads", "1", "--out", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "lungs.json").read_text())
    assert report["quick"] is True
    network = report["network"]
    assert network["drawing and trust, ms"] > network["one pass, ms"] > 0
    assert network["drawing and trust, ms"] > network["around the network, processor ms"] > 0
    assert any(name.startswith("all ") and network[name] > network["one pass, ms"] for name in network)
    with_lungs, without = report["folder"]["with lungs"], report["folder"]["without lungs"]
    assert set(with_lungs["parts_ms"]) == {"decode", "prepare", "gate", "lungs", "specialists", "write"}
    assert set(without["parts_ms"]) == {"decode", "prepare", "gate", "specialists", "write"}
    assert [each["wanted"] for each in report["targets"]] == ["at most 20", "at most 0.25"]
    assert "lungs of a chest in a folder, drawn and judged" in result.stdout


@pytest.mark.slow
def test_another_bundle_is_measured_without_a_folder(tmp_path: Path) -> None:
    bundle = write_lung_bundle(tmp_path / "toy").folder
    command = [sys.executable, str(BENCHMARKS / "lungs.py"), "--quick", "--network-only", "--lungs", str(bundle)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "around the network, processor ms" in result.stdout
    assert "a folder of" not in result.stdout

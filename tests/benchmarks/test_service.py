"""The benchmark of the service runs, loses nothing, and says what it measured."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fabricate_service import toy_bundle

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'hilum[serve]'")

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_short_soak_loses_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/service.py", "--quick", "--model", str(toy_bundle(tmp_path / "toy").folder)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "HILUM_MODELS": str(tmp_path / "none")},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert (report["served"]["sent"], report["served"]["done"], report["served"]["failed"]) == (10, 10, 0)
    assert report["quick"]
    lost = next(each for each in report["targets"] if each["what"] == "files lost or read twice")
    assert lost["reached"]
    assert report["reader_alone"] > 0
    assert report["served"]["late_mb"] > 0

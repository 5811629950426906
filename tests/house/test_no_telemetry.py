"""Nothing is told to the makers of the engine: onnxruntime reports what it runs unless it is told not to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="where its report waits is known on Linux alone")
def test_the_engine_keeps_no_report_to_send(tmp_path: Path) -> None:
    """A report is written into the home before it is sent; without a mark of CI, which would keep it silent."""
    code = "import hilum; from hilum.reading.engines import onnxruntime_engine; hilum.Reader().close()"
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ORT_", "XDG_", "GITHUB_")) and name not in ("CI", "TF_BUILD")
    }
    environment = {**kept, "HOME": str(tmp_path), "HILUM_MODELS": str(tmp_path / "none"), "HILUM_CACHE": "none"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, stdin=subprocess.DEVNULL)
    assert not list(tmp_path.rglob("*onnxruntime*"))


def test_whoever_asks_for_the_report_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user says in the environment stays."""
    code = "import os, hilum; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    for said, kept in (("0", "0"), (None, "1")):
        monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
        if said is not None:
            monkeypatch.setenv("ORT_DISABLE_TELEMETRY", said)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == kept

"""The image's command with the image's check of it: not ready, ready over TLS, and refused without its files."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fabricate_service import toy_bundle
from run_orthanc import free_port

pytestmark = pytest.mark.slow

DEPLOY = Path(__file__).parents[2] / "deploy"


def command_of_the_image(folder: Path) -> list[str]:
    """The words of CMD, with the image's folders in one of the test's."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    words = json.loads(re.findall(r"^CMD (.+)$", text, re.M)[-1])
    return [word.replace("/var/lib/hilum", str(folder)).replace("/run/secrets", str(folder)) for word in words]


def ready(address: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, DEPLOY / "ready.py", address], capture_output=True, text=True, check=False, timeout=60
    )


def hilum(words: list[str], folder: Path) -> "subprocess.Popen[str]":
    environment = {**os.environ, "HILUM_MODELS": str(folder / "none"), "HILUM_CONFIG": "none", "COLUMNS": "200"}
    return subprocess.Popen(
        [sys.executable, "-m", "hilum", *words], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env=environment,
    )  # fmt: skip


@pytest.fixture
def secrets(tmp_path: Path, certificate: tuple[Path, Path]) -> Path:
    (tmp_path / "password").write_text("ten letters and more")
    (tmp_path / "tokens").write_text(f"monitoring {'t' * 32}\n")
    for name, path in zip(("certificate", "key"), certificate, strict=True):
        (tmp_path / name).write_text(path.read_text())
    return tmp_path


@pytest.fixture
def address(secrets: Path) -> Iterator[str]:
    port, bundle = free_port(), toy_bundle(secrets / "toy").folder
    words = [*command_of_the_image(secrets), "--port", str(port), "--host", "127.0.0.1"]
    process = hilum([*words, "--readers", "1", "--model", str(bundle)], secrets)
    try:
        yield f"https://127.0.0.1:{port}/readyz"
    finally:
        process.kill()
        process.wait()


def test_the_check_waits_for_readers(address: str) -> None:
    first = ready(address)
    assert (first.returncode, first.stderr[:9]) == (1, "not ready")
    ends_s = time.monotonic() + 120
    while (last := ready(address)).returncode and time.monotonic() < ends_s:
        time.sleep(0.2)
    assert (last.returncode, last.stderr) == (0, "")


def test_without_its_files_it_says_which_is_missing(tmp_path: Path) -> None:
    said = hilum(command_of_the_image(tmp_path), tmp_path).communicate(timeout=60)[1]
    assert f"{tmp_path}/certificate cannot be read (No such file or directory)" in said

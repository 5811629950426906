"""Fixtures of the command's tests: a toy bundle, fabricated images, the command in this process and in its own."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from fabricate_bundle import ToyBundle
from fabricate_lungs import write_lung_bundle
from hilum.cli.main import app
from segmented import write_scans


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose one logit is 8 x mean brightness - 2, with the operating point at probability 0.5."""
    return ToyBundle().write(tmp_path_factory.mktemp("bundle") / "toy").folder


@pytest.fixture(scope="session")
def toy_lungs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that draws dark pixels as lungs."""
    return write_lung_bundle(tmp_path_factory.mktemp("lungs") / "toy-lungs").folder


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A folder with toy chests, one of them in a folder within."""
    return write_scans(tmp_path / "scans")


@pytest.fixture(autouse=True)
def _no_models_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HILUM_MODELS", str(tmp_path / "no-models"))
    monkeypatch.setenv("HILUM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HILUM_CONFIG", "none")


@pytest.fixture(autouse=True)
def _no_lines_that_depend_on_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hilum.progress.FIRST_SECONDS", float("inf"))


Write = Callable[..., Path]


@pytest.fixture
def write_png() -> Write:
    """Writes a grey PNG: `grey` is its brightness, or `noise` a seed for incompressible pixels."""

    def write(path: Path, *, grey: int = 0, noise: int | None = None, size: tuple[int, int] = (24, 20)) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.full(size, grey, np.uint8)
        if noise is not None:
            pixels = np.random.default_rng(noise).integers(0, 256, size, np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
        path.write_bytes(buffer.getvalue())
        return path

    return write


@pytest.fixture
def hilum() -> Callable[..., Result]:
    """The command in this process: `hilum("read", path, ...)`."""

    def run(*arguments: object, stdin: bytes | None = None) -> Result:
        environment = {"COLUMNS": "100", "NO_COLOR": "1"}
        return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin, env=environment)

    return run


@pytest.fixture
def start_hilum() -> Callable[..., "subprocess.Popen[str]"]:
    """The command in a process of its own, for signals, locks and limits."""

    def start(*arguments: object, prepare: Callable[[], None] | None = None) -> "subprocess.Popen[str]":
        environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100", "OMP_NUM_THREADS": "1"}

        def begin() -> None:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # which a run in the background inherits ignored
            if prepare is not None:
                prepare()

        return subprocess.Popen(
            [str(Path(sys.executable).with_name("hilum")), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            preexec_fn=begin,  # noqa: PLW1509 (it sets a signal and a limit, nothing else)
        )

    return start

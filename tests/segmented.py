"""Toy chests for `hilum segment`, and the command run on them without the gate."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from typer.testing import CliRunner

from hilum.cli.main import app

RUNNER = CliRunner()


def write_scans(folder: Path) -> Path:
    """The folder with `one.png` and, in `day 1`, `two.png`: dark lungs on white, one and two."""
    inner = folder / "day 1"
    inner.mkdir(parents=True)
    pixels = np.full((256, 192), 255, np.uint8)
    pixels[64:192, 24:72] = pixels[64:192, 120:168] = 0
    Image.fromarray(pixels).save(inner / "two.png")
    pixels[:, 96:] = 255
    Image.fromarray(pixels).save(folder / "one.png")
    return folder


def segment(*arguments: object) -> Any:
    """The command's result; the gate would know these pictures for toys."""
    return RUNNER.invoke(app, ["segment", "--no-gate", *map(str, arguments)])

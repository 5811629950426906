"""JSRT's headerless `.IMG` files: 2048 x 2048 pixels of 16 bits, big-endian, 12 bits used, dark film is a high value.

Written as 16-bit PNG in which bright is dense, they can be read by anything. Not tried on real files.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.errors import DataError

SIDE = 2048
_HIGHEST = 4095


def read_jsrt_raw(path: Path) -> npt.NDArray[np.uint16]:
    """uint16 (2048, 2048) in [0, 4095], bright is dense. Raises `DataError` where the file is no such picture."""
    data = path.read_bytes()
    if len(data) != 2 * SIDE * SIDE:
        raise DataError(f"expected {2 * SIDE * SIDE} bytes in {path}, came {len(data)}; copy the file again")
    film = np.frombuffer(data, dtype=">u2").reshape(SIDE, SIDE)
    if film.max() > _HIGHEST:
        raise DataError(f"expected 12-bit values in {path}, came {film.max()}; it is no .IMG file of JSRT")
    return (_HIGHEST - film).astype(np.uint16)


def write_jsrt_png(path: Path, *, out: Path) -> Path:
    """Write the `.IMG` file at `path` as `out/STEM.png`, 16 bits with the 12 used ones on top; returns the new path."""
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{path.stem}.png"
    Image.fromarray(read_jsrt_raw(path) << 4).save(target)
    return target

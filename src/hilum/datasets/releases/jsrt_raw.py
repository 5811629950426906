"""JSRT's headerless `.IMG` files: 2048 x 2048 pixels of 16 bits, big-endian, 12 bits used, dark film is a high value.

Written as 16-bit PNG in which bright is dense, they can be read by anything. Not tried on real files.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.errors import DataError
from hilum.progress import SILENT, Progress
from hilum.whole_files import fill_whole

SIDE = 2048
_HIGHEST = 4095
_ALSO_READ = frozenset({".gif", ".txt"})
"""SCR's masks and the clinical tables."""


def read_jsrt_raw(path: Path) -> npt.NDArray[np.uint16]:
    """uint16 (2048, 2048) in [0, 4095], bright is dense. Raises `DataError` where the file is no such picture."""
    data = path.read_bytes()
    if len(data) != 2 * SIDE * SIDE:
        raise DataError(f"{path} has {len(data)} bytes instead of {2 * SIDE * SIDE}. Copy the file again")
    film = np.frombuffer(data, dtype=">u2").reshape(SIDE, SIDE)
    if film.max() > _HIGHEST:
        raise DataError(f"{path} holds values up to {film.max()}, more than 12 bits: it is not an .IMG file of JSRT")
    return (_HIGHEST - film).astype(np.uint16)


def write_jsrt_png(path: Path, *, out: Path) -> Path:
    """Write the `.IMG` file at `path` as `out/STEM.png`, 16 bits with the 12 used ones on top; returns the new path."""
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{path.stem}.png"
    film = Image.fromarray(read_jsrt_raw(path) << 4)
    fill_whole(target, fill=lambda file: film.save(file, "PNG"))
    return target


@dataclass(frozen=True, slots=True)
class Conversion:
    """What `convert_jsrt` wrote, and each file that is no such picture with the reason."""

    written: tuple[Path, ...]
    problems: tuple[str, ...]


def convert_jsrt(folder: Path, *, out: Path, progress: Progress = SILENT) -> Conversion:
    """Write what the adapter reads into `out`: every `.IMG` below `folder` as PNG, tables and SCR's masks as they are.

    Paths below `folder` stay. `out` may be `folder` itself: then the PNG files stand beside the `.IMG` ones. `progress`
    counts the pictures. Raises `DataError` where there is none.
    """
    there = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    raw = [path for path in there if path.suffix.lower() == ".img"]
    if not raw:
        raise DataError(
            f"{folder} and the folders below it hold no .IMG files of JSRT. Give the folder of the data set"
        )
    written, problems = [], []
    with progress.count("writing") as counter:
        counter.found(len(raw))
        for path in raw:
            try:
                written.append(write_jsrt_png(path, out=out / path.parent.relative_to(folder)))
            except DataError as error:
                problems.append(str(error))
            counter.done()
    inside = out.resolve()
    for path in there:
        target = out / path.relative_to(folder)
        if path.suffix.lower() in _ALSO_READ and not path.resolve().is_relative_to(inside) and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    return Conversion(tuple(written), tuple(problems))

"""Shards of a cache: `NAME.npy` holds the pixels of some images, `NAME.json`, written after it, says of which.

Pixels come back bit for bit as they were put in. Images whose every pixel is k/255 in float32 (an 8-bit file that was
not resampled) are kept as uint8, the others as float32: a resampled image has values in between.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from hilum.radiograph import Pixels
from hilum.whole_files import STRAY_PREFIX, fill_whole

Stored = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
Kind = Literal["uint8", "float32"]

_DTYPES: Mapping[Kind, npt.DTypeLike] = {"uint8": np.dtype("u1"), "float32": np.dtype("<f4")}
_PIXELS, _NAMES = ".npy", ".json"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image lies: the shard's pixel file, and the row in it."""

    shard: Path
    row: int


def as_bytes(grey: Pixels) -> npt.NDArray[np.uint8] | None:
    """The uint8 (H, W) from which `as_pixels` gives `grey` back bit for bit, or None where there is none."""
    levels = np.rint(grey * np.float32(255.0)).astype(np.uint8)
    return levels if as_pixels(levels).tobytes() == np.ascontiguousarray(grey, np.float32).tobytes() else None


def as_pixels(stored: Stored) -> Pixels:
    """Float32 (H, W) in [0, 1], a copy of its own, from what a shard holds."""
    if stored.dtype == np.uint8:
        return np.divide(stored, np.float32(255.0), dtype=np.float32)
    return np.array(stored, np.float32)


def write_shards(folder: Path, images: Mapping[str, Pixels]) -> None:
    """Write the images, by the SHA-256 of their files, as one shard for each way of storing. Raises `OSError`."""
    by_kind: dict[Kind, dict[str, Stored]] = {"uint8": {}, "float32": {}}
    for sha256, grey in images.items():
        levels = as_bytes(grey)
        kind: Kind = "float32" if levels is None else "uint8"
        by_kind[kind][sha256] = grey if levels is None else levels
    for kind, rows in by_kind.items():
        if rows:
            _write_shard(folder, rows=rows, kind=kind)


def find_places(folder: Path, *, size: tuple[int, int]) -> dict[str, Place]:
    """Where each image of the cache lies, by the SHA-256 of its file; broken shards count as absent."""
    places: dict[str, Place] = {}
    for listing in sorted(folder.glob(f"*{_NAMES}")):
        shard = listing.with_suffix(_PIXELS)
        for row, sha256 in enumerate(_names(listing, shard=shard, size=size)):
            places.setdefault(sha256, Place(shard, row))
    return places


def open_shard(shard: Path) -> Stored:
    """The memory-mapped rows (n, H, W) of a shard, which are never written. Raises `OSError` or `ValueError`."""
    rows: Stored = np.load(shard, mmap_mode="r", allow_pickle=False)
    return rows


def remove_unfinished(folder: Path) -> None:
    """Remove what a killed writer left: unfinished files, and pixels that no list names. Hold the lock."""
    for path in folder.glob(f"{STRAY_PREFIX}*"):
        path.unlink(missing_ok=True)
    for path in folder.glob(f"*{_PIXELS}"):
        if not path.with_suffix(_NAMES).is_file():
            path.unlink(missing_ok=True)


def _write_shard(folder: Path, *, rows: Mapping[str, Stored], kind: Kind) -> None:
    array = np.stack(list(rows.values())).astype(_DTYPES[kind], copy=False)
    name = f"{kind}-{secrets.token_hex(12)}"

    def pixels(file: BinaryIO) -> None:
        np.save(file, array, allow_pickle=False)

    def names(file: BinaryIO) -> None:
        file.write(json.dumps(list(rows), indent=0).encode())

    fill_whole(folder / f"{name}{_PIXELS}", fill=pixels)
    fill_whole(folder / f"{name}{_NAMES}", fill=names)


def _names(listing: Path, *, shard: Path, size: tuple[int, int]) -> Sequence[str]:
    try:
        names = json.loads(listing.read_bytes())
        rows = open_shard(shard)
    except (OSError, ValueError):
        return ()
    sound = isinstance(names, list) and rows.shape == (len(names), *size) and str(rows.dtype) in _DTYPES
    return [str(name) for name in names] if sound else ()

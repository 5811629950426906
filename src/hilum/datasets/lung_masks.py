"""The adult chests of `general_blockchain` with their lung masks: `masks/` holds a PNG of the picture's stem.

In a mask 255 is the patient's right lung, 128 the left lung, 0 neither; a few masks hold one lung only. Tried on real
files, at most 512 pixels wide.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hilum.datasets.general_blockchain import read_general_blockchain
from hilum.datasets.record import Record
from hilum.errors import DataError

STRUCTURE = "lungs"


def read_lung_masks(folder: Path) -> tuple[Record, ...]:
    """Every chest in `folder/images` with its mask in `folder/masks`, sorted by name.

    Raises `DataError` where a chest has no mask.
    """
    return tuple(
        replace(record, masks={STRUCTURE: _mask(record, folder=folder)}) for record in read_general_blockchain(folder)
    )


def _mask(record: Record, *, folder: Path) -> Path:
    path = folder / "masks" / f"{record.path.stem}.png"
    if not path.is_file():
        raise DataError(f"expected the mask of {record.image} at {path}, came no such file; copy the release again")
    return path

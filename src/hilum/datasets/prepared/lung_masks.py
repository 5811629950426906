"""Masks of lungs that were drawn before, on pictures as a network takes them, kept on disk.

A mask is data in the record, as a box is: it is drawn once (`training/data/lung_masks.py`) and kept here.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from hilum.datasets.prepared.drawing_memory import Cells, DrawingMemory, DrawingTable, remembered_drawings
from hilum.datasets.records.packed_mask import PackedMask


@dataclass(frozen=True, slots=True)
class DrawnMask:
    """The lungs on one file's prepared picture, and whether the drawing was trusted."""

    mask: PackedMask
    trusted: bool

    @property
    def usable(self) -> PackedMask | None:
        """The mask where it was trusted: what a record carries."""
        return self.mask if self.trusted else None


def _cells(drawn: DrawnMask) -> Cells:
    return drawn.mask.rows, drawn.mask.columns, drawn.mask.data, drawn.trusted


def _mask(cells: Cells) -> DrawnMask:
    rows, columns, data, trusted = cells
    return DrawnMask(PackedMask(rows, columns, data), bool(trusted))


MASKS = DrawingTable(
    name="masks",
    columns=("height INTEGER", "width INTEGER", "data BLOB", "trusted INTEGER"),
    cells=_cells,
    drawing=_mask,
)


def remembered_masks(folder: Path | None, *, drawer: str) -> AbstractContextManager[DrawingMemory[DrawnMask]]:
    """The masks that `drawer` drew, in `folder`; see `remembered_drawings`."""
    return remembered_drawings(folder, table=MASKS, drawer=drawer)

"""Lung boxes and flags that were drawn before, kept on disk.

A box is data in the record: it is drawn once by a lung bundle (`training/data/lung_boxes.py`) and kept here, and
preprocessing only cuts it out.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from hilum.datasets.prepared.drawing_memory import Cells, DrawingMemory, DrawingTable, remembered_drawings
from hilum.geometry import Box


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """The box around the lungs in native pixels of one file, whether the drawing was trusted, and its flags."""

    box: Box
    trusted: bool
    flags: tuple[str, ...]

    @property
    def usable(self) -> Box | None:
        """The box where it was trusted: what a record carries."""
        return self.box if self.trusted else None


def _cells(drawn: DrawnBox) -> Cells:
    return (*drawn.box.as_list(), drawn.trusted, json.dumps(drawn.flags))


def _box(cells: Cells) -> DrawnBox:
    return DrawnBox(Box(*cells[:4]), bool(cells[4]), tuple(json.loads(cells[5])))


BOXES = DrawingTable(
    name="drawings",
    columns=("x REAL", "y REAL", "width REAL", "height REAL", "trusted INTEGER", "flags TEXT"),
    cells=_cells,
    drawing=_box,
)


def remembered_boxes(folder: Path | None, *, drawer: str) -> AbstractContextManager[DrawingMemory[DrawnBox]]:
    """The boxes that `drawer` drew, in `folder`; see `remembered_drawings`."""
    return remembered_drawings(folder, table=BOXES, drawer=drawer)

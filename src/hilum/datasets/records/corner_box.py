"""A box that a table gives by its corners, in pixels of a DICOM file, as the VinDr releases do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hilum.datasets.records.csv_rows import read_rows, to_number
from hilum.datasets.records.dicom_header import Header
from hilum.datasets.records.record import LabelledBox
from hilum.errors import DataError
from hilum.geometry import Box

CORNERS = ("x_min", "y_min", "x_max", "y_max")
"""The columns: left, top, right and bottom, in pixels."""


def box_rows(table: Path) -> dict[str, list[dict[str, str]]]:
    """By `image_id` the rows of a table that have a box; a row without coordinates says that there is no finding.

    Raises as `read_rows` does.
    """
    boxes: dict[str, list[dict[str, str]]] = {}
    for row in read_rows(table, needed=("image_id", "class_name", *CORNERS)):
        if row["x_min"]:
            boxes.setdefault(row["image_id"], []).append(row)
    return boxes


def corner_box(row: Mapping[str, str], *, label: str, header: Header) -> LabelledBox:
    """The box of a row with `image_id` and `CORNERS`, of the canonical name `label`.

    Raises `DataError` for a corner that is no number, and for a header without a size.
    """
    if not (header.width and header.height):
        raise DataError(f"The header of {row['image_id']}.dicom has no Rows and Columns. Copy the file again")
    x0, y0, x1, y1 = (to_number(row[name], where=row["image_id"]) for name in CORNERS)
    return LabelledBox(label=label, box=Box(x0, y0, x1 - x0, y1 - y0), frame=(header.width, header.height))

"""Boxes of one's own, one row a box: `boxes.csv` (or .csv.gz) in the folder of the pictures, or another table there.

Columns, in any order:

- `image`: the file, relative to the table; `label`: what is boxed; `x`, `y`, `width`, `height`: the top left corner and
  the extent, in pixels of the file. Needed.
- `patient`: an identifier, the same for all images of one person. Without it each image counts as its own.
- `held_out`: 1 where the image is kept for judging, 0 where it is not. Optional.

Other columns are not read. An image has the labels that it has boxes of; of others nothing is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hilum.datasets.records.csv_rows import find_table, read_rows, to_number
from hilum.datasets.records.files import file_sha256
from hilum.datasets.records.label_values import own_label
from hilum.datasets.records.listing import Listing
from hilum.datasets.records.picture_shape import picture_shape
from hilum.datasets.records.record import LabelledBox, Record
from hilum.errors import DataError
from hilum.geometry import Box

NAME = "boxes.csv"

_PLACES = ("x", "y", "width", "height")
_YES_OR_NO = {"": None, "1": True, "0": False}


def read_own_boxes(folder: Path) -> tuple[Record, ...]:
    """The images of `folder/boxes.csv` that are there, in its order; `folder` may be the table itself, of any name.

    Raises `DataError` that names table and line where a row is malformed, and where the table or every image is
    missing.
    """
    path = _table(folder)
    rows = _rows(path)
    records = tuple(
        _record(path.parent / image, image=image, rows=found)
        for image, found in rows.items()
        if (path.parent / image).is_file()
    )
    if not records:
        raise DataError(
            f"None of the {len(rows)} images named in {path} was found. Check the paths; they begin at the folder of "
            "that file"
        )
    return records


def list_own_boxes(folder: Path) -> Listing:
    """What the table names."""
    rows = _rows(_table(folder))
    return Listing(
        images=dict.fromkeys(rows, ""), boxes=sum(len(found) for found in rows.values()), boxed_images=len(rows)
    )


def _table(folder: Path) -> Path:
    return folder if folder.is_file() else find_table(folder, names=(NAME,))


def _rows(path: Path) -> dict[str, list[dict[str, str]]]:
    rows: dict[str, list[dict[str, str]]] = {}
    found = read_rows(path, needed=("image", "label", *_PLACES), surplus_refused=True)
    for line, row in enumerate(found, start=2):
        where = f"line {line} of {path}"
        if not row["image"] or not row["label"]:
            raise DataError(f"The image or the label is missing in {where}. Fill it in")
        _check_box(row, where=where)
        if row.get("held_out", "") not in _YES_OR_NO:
            raise DataError(f"held_out is {row['held_out']!r} in {where}. Write 1, 0 or leave it empty")
        before = rows.setdefault(row["image"], [])
        for name in ("patient", "held_out"):
            if before and before[0].get(name) != row.get(name):
                raise DataError(
                    f"Boxes of {row['image']} disagree about {name}: {row[name]!r} in {where}, {before[0][name]!r} "
                    "before. Correct the row"
                )
        before.append(row)
    return rows


def _check_box(row: Mapping[str, str], *, where: str) -> None:
    try:
        _, _, width, height = (to_number(row[name], where=name) for name in _PLACES)
    except DataError as error:
        said = ", ".join(row[name] or "nothing" for name in _PLACES)
        raise DataError(
            f"The box in {where} is not four numbers (x, y, width, height) but {said}. Correct the row"
        ) from error
    if min(width, height) <= 0:
        raise DataError(
            f"The box in {where} is {width:g} wide and {height:g} high; both must be above 0. Correct the row"
        )


def _record(path: Path, *, image: str, rows: Sequence[Mapping[str, str]]) -> Record:
    high, wide = picture_shape(path, name=image)
    patient = rows[0].get("patient") or ""
    boxes = tuple(
        LabelledBox(label=own_label(row["label"]), box=Box(*(float(row[name]) for name in _PLACES)), frame=(wide, high))
        for row in rows
    )
    return Record(
        path=path,
        image=image,
        patient=f"boxes:{patient or image}",
        patient_is_known=bool(patient),
        source="boxes",
        official=None,
        held_out=_YES_OR_NO[rows[0].get("held_out", "")],
        labels={box.label: 1.0 for box in boxes},
        stratum="",
        sha256=file_sha256(path),
        boxes=boxes,
    )

"""JSRT (Shiraishi et al. 2000): 154 chests with one lung nodule, 93 without; masks of SCR (van Ginneken et al. 2006).

Layout (the JSRT and SCR download pages): pictures `JPCLN001` to `JPCLN154` and `JPCNN001` to `JPCNN093` in any folder,
`CLNDAT_EN.txt` (tab-separated: file, subtlety, size in mm, age, sex, x, y, malignant or benign, place, diagnosis) and
`CNNDAT_EN.TXT` (file, age, sex, non-nodule); masks of 1024 x 1024 pixels in `fold1/masks/left lung/JPCLN001.gif` and
`fold2/`, where left and right are SCR's words. The pictures come as headerless `.IMG` files, which name no format:
`hilum data convert jsrt` writes them as PNG. SCR's lungs are fields, beside the heart. Not tried on real files.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hilum.datasets.records.csv_rows import to_number
from hilum.datasets.records.files import PICTURES, file_sha256
from hilum.datasets.records.label_values import clean_age, was_cleaned
from hilum.datasets.records.listing import Listing
from hilum.datasets.records.record import LabelledBox, Record
from hilum.errors import DataError
from hilum.geometry import Box
from hilum.stated import sex_in

LICENCE = "JSRT digital image database, Shiraishi et al. 2000, and SCR masks, van Ginneken et al. 2006, research use"
LABEL = "Nodule"
IMAGES = 247
FRAME = (2048, 2048)
SPACING_MM = 0.175
STRUCTURES = ("heart", "left clavicle", "left lung", "right clavicle", "right lung")

_WITH_NODULE, _WITHOUT = "CLNDAT_EN.txt", "CNNDAT_EN.txt"


@dataclass(frozen=True, slots=True)
class _Row:
    stem: str
    age: str
    sex: str
    stratum: str
    boxes: tuple[LabelledBox, ...]


def read_jsrt(folder: Path) -> tuple[Record, ...]:
    """The chests that the two tables name and that are there, sorted by name, with nodule boxes and SCR's masks.

    A nodule's box is the square of its size around its centre, in the 2048-pixel frame. Raises `DataError` where a
    table or every picture is missing, or where there are only headerless `.IMG` files.
    """
    rows = _rows(folder)
    files = sorted(path for path in folder.rglob("JPC?N???.*") if not path.name.startswith("."))
    pictures = {path.stem: path for path in files if path.suffix.lower() in PICTURES and not _structure(path)}
    masks = {(path.stem, name): path for path in files if (name := _structure(path))}
    records = tuple(
        _record(
            row, path=pictures[row.stem], masks={s: masks[row.stem, s] for s in STRUCTURES if (row.stem, s) in masks}
        )
        for row in rows
        if row.stem in pictures
    )
    if not records:
        raw = any(path.suffix.lower() == ".img" for path in files)
        command = f"only .IMG files. Make PNG files of them: hilum data convert jsrt {folder} --out FOLDER"
        advice = command if raw else "none of JSRT. Give the folder of the data set"
        raise DataError(f"{folder} and the folders below it hold no pictures named like JPCLN001.png, but {advice}")
    return records


def list_jsrt(folder: Path) -> Listing:
    """What the two tables name, and how many ages were thrown away."""
    rows = _rows(folder)
    boxes = [row.stem for row in rows for _ in row.boxes]
    return Listing(
        images={row.stem: "" for row in rows},
        ages_cleaned=sum(was_cleaned(row.age) for row in rows),
        boxes=len(boxes),
        boxed_images=len(set(boxes)),
    )


def _structure(path: Path) -> str | None:
    folder = path.parent.name.lower()
    return folder if folder in STRUCTURES and path.parent.parent.name.lower() == "masks" else None


def _rows(folder: Path) -> list[_Row]:
    with_nodule = [_nodule_row(cells) for cells in _cells(folder, name=_WITH_NODULE, width=8)]
    without = [
        _Row(stem=_stem(cells[0]), age=cells[1], sex=cells[2], stratum="no nodule", boxes=())
        for cells in _cells(folder, name=_WITHOUT, width=3)
    ]
    return sorted((*with_nodule, *without), key=lambda row: row.stem)


def _cells(folder: Path, *, name: str, width: int) -> list[list[str]]:
    table = next((path for path in sorted(folder.rglob("*")) if path.name.lower() == name.lower()), None)
    if table is None:
        raise DataError(f"The clinical table {name} was not found in {folder} or below. Copy it there")
    with table.open(encoding="latin-1", newline="") as lines:
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter="\t") if any(row)]
    for row in rows:
        if len(row) < width or not row[0].upper().startswith("JPC"):
            raise DataError(
                f"{table} needs {width} or more columns in rows that begin with JPC..., but one begins with "
                f"{row[:2]}. Use the table that comes with the data set"
            )
    return rows


def _nodule_row(cells: list[str]) -> _Row:
    stem = _stem(cells[0])
    size_mm, x, y = (to_number(cells[column], where=stem) for column in (2, 5, 6))
    side = size_mm / SPACING_MM
    box = LabelledBox(label=LABEL, box=Box(x - side / 2, y - side / 2, side, side), frame=FRAME)
    return _Row(stem=stem, age=cells[3], sex=cells[4], stratum=cells[7].lower(), boxes=(box,))


def _stem(name: str) -> str:
    return name.partition(".")[0].upper()


def _record(row: _Row, *, path: Path, masks: Mapping[str, Path]) -> Record:
    return Record(
        path=path,
        image=row.stem,
        patient=f"jsrt:{row.stem}",
        source="jsrt",
        official=None,
        labels={LABEL: float(bool(row.boxes))},
        stratum=row.stratum,
        sha256=file_sha256(path),
        view="PA",
        age_years=clean_age(row.age),
        sex=sex_in(row.sex),
        is_xray=True,
        xray_type="chest",
        boxes=row.boxes,
        masks=masks,
        lung_definition="field" if masks else None,
    )

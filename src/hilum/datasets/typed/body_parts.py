"""Radiographs of body parts from several public releases, named in one `manifest.csv`.

Columns: `file, type, source, group, licence, label_by`. Types outside the fourteen (`leg`, `femur`, `skull`) are
radiographs with no type. Two folders are not in the manifest: panoramic jaws in `dental/`, each of one patient,
and, where it was copied, `knee_oai/` with single knees of the Osteoarthritis Initiative (Chen 2018): a name such as
`kl2_9003430L.jpg` holds the Kellgren-Lawrence grade, the patient's number and the side.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from hilum.datasets.records.files import image_files
from hilum.datasets.records.record import Record, typed_record
from hilum.errors import DataError
from hilum.findings import XRAY_TYPES

MIXED_SOURCES = ("frac", "ewen")
"""The sources that hold many types each, so that recognising the source does not give the type away."""

BULK_SOURCES = ("mednist", "scol", "uciimpl", "knee_oai")
"""The sources that hold one type each."""

LICENCE = (
    "body parts: Roboflow Universe fracture and scoliosis sets, CC BY 4.0; Radiopaedia cases, CC BY-NC-SA 3.0; "
    "MedNIST hands (RSNA), CC BY-SA 4.0; UCI shoulder implants, CC BY 4.0; knees of the OAI, Chen 2018, CC BY 4.0; "
    "panoramic jaws"
)

_COLUMNS = ("file", "type", "source", "group")
_KNEE = re.compile(r"kl[0-4]_(?P<patient>\d+)[LR]")


def read_body_parts(folder: Path) -> tuple[Record, ...]:
    """Every row of `folder/manifest.csv`, then the jaws in `folder/dental` and the knees in `folder/knee_oai`.

    Raises `DataError` for a missing manifest, column or file, and for a knee whose name has no patient.
    """
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        raise DataError(f"{manifest} does not exist. Give the folder that holds it")
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        missing = [column for column in _COLUMNS if column not in (rows.fieldnames or ())]
        if missing:
            raise DataError(
                f"{manifest} has no column {missing[0]}; it needs {', '.join(_COLUMNS)}. Copy the data set again"
            )
        listed = [_record(folder, row, manifest=manifest) for row in rows]
    jaws = [
        typed_record(path, image=f"dental/{path.name}", group=path.stem, source="dental", xray_type="dental")
        for path in image_files(folder / "dental", release="the panoramic jaws")
    ]
    return (*listed, *jaws, *_knees(folder / "knee_oai"))


def _knees(folder: Path) -> list[Record]:
    """The knees in `folder`, both of a patient in one group; none where it is absent, as in older copies."""
    if not folder.is_dir():
        return []
    return [_knee(path) for path in image_files(folder, release="the knees of the OAI")]


def _knee(path: Path) -> Record:
    match = _KNEE.fullmatch(path.stem)
    if match is None:
        raise DataError(f"The name of {path} does not hold the patient, like kl2_9003430L.jpg. Rename it")
    return typed_record(
        path, image=f"knee_oai/{path.name}", group=match["patient"], source="knee_oai", xray_type="knee"
    )


def _record(folder: Path, row: dict[str, str], *, manifest: Path) -> Record:
    path = folder / row["file"]
    if not path.is_file():
        raise DataError(f"{path} does not exist, but {manifest} names it. Copy the data set again")
    return typed_record(
        path,
        image=row["file"],
        group=row["group"],
        source=row["source"],
        xray_type=row["type"] if row["type"] in XRAY_TYPES else None,
    )

"""Radiographs of body parts from several public releases, named in one `manifest.csv`.

Columns: `file, type, source, group, licence, label_by`. Types outside the fourteen (`leg`, `femur`, `skull`) are
radiographs with no type. Panoramic jaws in `dental/` are not in the manifest; each is one patient.
"""

from __future__ import annotations

import csv
from pathlib import Path

from hilum.datasets.records.files import image_files
from hilum.datasets.records.record import Record, typed_record
from hilum.errors import DataError
from hilum.findings import XRAY_TYPES

MIXED_SOURCES = ("frac", "ewen")
"""The sources that hold many types each, so that recognising the source does not give the type away."""

BULK_SOURCES = ("mednist", "scol", "uciimpl")
"""The sources that hold one type each."""

LICENCE = (
    "body parts: Roboflow Universe fracture and scoliosis sets, CC BY 4.0; Radiopaedia cases, CC BY-NC-SA 3.0; "
    "MedNIST hands (RSNA), CC BY-SA 4.0; UCI shoulder implants, CC BY 4.0; panoramic jaws"
)

_COLUMNS = ("file", "type", "source", "group")


def read_body_parts(folder: Path) -> tuple[Record, ...]:
    """Every row of `folder/manifest.csv`, then every jaw in `folder/dental`.

    Raises `DataError` for a missing manifest, column or file.
    """
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        raise DataError(f"expected {manifest}, came no such file; give the folder that holds it")
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        missing = [column for column in _COLUMNS if column not in (rows.fieldnames or ())]
        if missing:
            raise DataError(f"expected the columns {', '.join(_COLUMNS)} in {manifest}, came none called {missing[0]}")
        listed = [_record(folder, row, manifest=manifest) for row in rows]
    jaws = [
        typed_record(path, image=f"dental/{path.name}", group=path.stem, source="dental", xray_type="dental")
        for path in image_files(folder / "dental", release="the panoramic jaws")
    ]
    return (*listed, *jaws)


def _record(folder: Path, row: dict[str, str], *, manifest: Path) -> Record:
    path = folder / row["file"]
    if not path.is_file():
        raise DataError(f"expected {path}, which {manifest} names, came no such file; copy the release again")
    return typed_record(
        path,
        image=row["file"],
        group=row["group"],
        source=row["source"],
        xray_type=row["type"] if row["type"] in XRAY_TYPES else None,
    )

"""LERA (Varma et al. 2019), lower extremities.

Layout (Stanford AIMI's page of the release): `LERA/1000/ST-1/image1.png` and `labels.csv` (study, body part, label).
Not tried on real files.

The body part is told by the table alone: its second column is `XR FOOT`, `XR KNEE`, `XR ANKLE`, `XR HIP` or others.
"""

from __future__ import annotations

import csv
from pathlib import Path

from hilum.datasets.records.files import image_files
from hilum.datasets.records.record import Record, typed_record
from hilum.errors import DataError

LICENCE = "LERA, Varma et al. 2019, Stanford research use agreement"
TYPES = {"XR FOOT": "foot", "XR KNEE": "knee", "XR ANKLE": "ankle", "XR HIP": "hip"}


def read_lera(folder: Path) -> tuple[Record, ...]:
    """Every picture of every study in `folder/labels.csv`, sorted by path; the group is the patient's study folder.

    Raises `DataError` where the table is missing or a picture's study is not in it.
    """
    table = folder / "labels.csv"
    if not table.is_file():
        raise DataError(f"{table} does not exist. Give the folder of the data set that holds it")
    with table.open(encoding="utf-8", newline="") as file:
        body_parts = {row[0].strip(): row[1].strip().upper() for row in csv.reader(file) if len(row) >= 2}
    return tuple(
        _record(path, folder=folder, body_parts=body_parts) for path in image_files(folder, release="LERA", deep=True)
    )


def _record(path: Path, *, folder: Path, body_parts: dict[str, str]) -> Record:
    parts = path.relative_to(folder).parts
    study = next((part for part in parts if part in body_parts), None)
    if study is None:
        raise DataError(f"The path {path} holds no study that labels.csv names. Copy the data set again")
    return typed_record(
        path,
        image="/".join(parts),
        group=study,
        source="lera",
        xray_type=TYPES.get(body_parts[study]),
    )

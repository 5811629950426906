"""OpenI, the chests of Indiana University (Demner-Fushman et al. 2016), in the copy with two CSV tables.

Layout (the copy on Kaggle, by raddar): `indiana_reports.csv` (uid, Problems: words that `;` parts, `normal` for none),
`indiana_projections.csv` (uid, filename, projection: Frontal or Lateral), and `images/images_normalized/FILENAME`, or
the pictures anywhere below. Not tried on real files. The National Library of Medicine's own copy has a report in XML a
study, which is not read.

A uid is a study of one patient. Frontal views are not told apart further, so that theirs is unknown; ages and sexes are
not told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from hilum.datasets.records.csv_rows import find_table, read_rows
from hilum.datasets.records.files import file_sha256, pictures_by_stem, some_of
from hilum.datasets.records.listing import Count, Listing
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.radiograph import View

LICENCE = "OpenI, Indiana University chests, Demner-Fushman et al. 2016, CC BY-NC-ND 4.0"
LABELS: Mapping[str, str] = {
    "atelectasis": "Atelectasis",
    "pulmonary atelectasis": "Atelectasis",
    "cardiomegaly": "Cardiomegaly",
    "consolidation": "Consolidation",
    "pulmonary edema": "Edema",
    "pleural effusion": "Effusion",
    "emphysema": "Emphysema",
    "pulmonary emphysema": "Emphysema",
    "pulmonary fibrosis": "Fibrosis",
    "hernia, hiatal": "Hernia",
    "infiltrate": "Infiltration",
    "mass": "Mass",
    "nodule": "Nodule",
    "pneumonia": "Pneumonia",
    "pneumothorax": "Pneumothorax",
    "thickening": "Pleural Thickening",
    "normal": "No Finding",
}
"""The words of the reports' problems, and hilum's names."""

_VIEWS: Mapping[str, View] = {"Frontal": "unknown", "Lateral": "LL"}


def read_openi(folder: Path) -> tuple[Record, ...]:
    """The pictures that the table of projections names and that are there, in its order.

    Raises `DataError` where a table or every picture is missing, or a projection is neither frontal nor lateral.
    """
    rows, problems = _projections(folder), _problems(folder)
    pictures = pictures_by_stem(folder, release="OpenI")
    records = tuple(
        _record(row, path=path, problems=problems.get(row["uid"], ""))
        for row in rows
        if (path := pictures.get(Path(row["filename"]).stem)) is not None
    )
    return some_of(records, folder=folder, such_as=next((row["filename"] for row in rows), "FILENAME"))


def list_openi(folder: Path) -> Listing:
    """What the table of projections names."""
    rows = _projections(folder)
    return Listing(
        images={row["filename"]: "" for row in rows},
        counts={"": Count(images=len(rows), patients=len({row["uid"] for row in rows}))},
    )


def _projections(folder: Path) -> list[dict[str, str]]:
    table = find_table(folder, names=("indiana_projections.csv",))
    rows = read_rows(table, needed=("uid", "filename", "projection"))
    for row in rows:
        if row["projection"] not in _VIEWS:
            raise DataError(
                f"{row['projection']!r} of {row['filename']} in {table} is neither Frontal nor Lateral; take its own "
                "table"
            )
    return rows


def _problems(folder: Path) -> dict[str, str]:
    table = find_table(folder, names=("indiana_reports.csv",))
    return {row["uid"]: row["Problems"] for row in read_rows(table, needed=("uid", "Problems"))}


def _labels(problems: str) -> dict[str, float]:
    said = {word.strip().casefold() for word in problems.split(";")} - {""}
    if not said:
        return dict.fromkeys(LABELS.values(), math.nan)
    found = {LABELS[word] for word in said if word in LABELS}
    return {name: float(name in found) for name in LABELS.values()}


def _record(row: Mapping[str, str], *, path: Path, problems: str) -> Record:
    view = _VIEWS[row["projection"]]
    return Record(
        path=path,
        image=row["filename"],
        patient=f"openi:{row['uid']}",
        study=f"openi:{row['uid']}",
        source="openi",
        official=None,
        labels=_labels(problems),
        stratum=row["projection"].casefold(),
        sha256=file_sha256(path),
        view=view,
        is_xray=True,
        xray_type="chest",
    )

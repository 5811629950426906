"""BRAX 1.1.0 (Reis et al. 2022, PhysioNet): 40,967 chests of a hospital in Brazil, fourteen observations.

Layout (PhysioNet's page): `master_spreadsheet_update.csv` (PngPath, PatientID, PatientSex, PatientAge in steps of five
years, AccessionNumber, the observations of CheXpert: 1, 0, -1 or blank, ViewPosition) beside `images/`, below which
`PngPath` leads. Not tried on real files.

Uncertain observations and those that a report does not mention are masked, but for No Finding beside a finding, which
is negative. An age of `85 or more` becomes unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hilum.datasets.records.csv_rows import find_table, read_rows
from hilum.datasets.records.files import file_sha256, some_of
from hilum.datasets.records.label_values import clean_age
from hilum.datasets.records.listing import Count, Listing
from hilum.datasets.records.record import Record
from hilum.datasets.releases.chexpert import COLUMNS, ChexpertPolicy
from hilum.radiograph import View
from hilum.stated import sex_in

LICENCE = "BRAX 1.1.0, Reis et al. 2022, PhysioNet credentialed health data use agreement 1.5.0"
OFFICIAL = {"": Count(images=40_967)}

_NEEDED = ("PngPath", "PatientID", "PatientSex", "PatientAge", "AccessionNumber", "ViewPosition", *COLUMNS)
_VIEWS: Mapping[str, View] = {"PA": "PA", "AP": "AP", "LL": "LL", "L": "LL", "RL": "LL"}


def read_brax(folder: Path) -> tuple[Record, ...]:
    """The pictures that the table names and that are there, in its order.

    Raises `DataError` where the table or every picture is missing, or a cell is none of the release's.
    """
    rows = _rows(folder)
    records = tuple(_record(row, folder=folder) for row in rows if (folder / row["PngPath"]).is_file())
    return some_of(records, folder=folder, such_as=next((row["PngPath"] for row in rows), "images/"))


def list_brax(folder: Path) -> Listing:
    """What the table names."""
    rows = _rows(folder)
    return Listing(
        images={row["PngPath"]: "" for row in rows},
        counts={"": Count(images=len(rows), patients=len({row["PatientID"] for row in rows}))},
    )


def _rows(folder: Path) -> list[dict[str, str]]:
    return read_rows(find_table(folder, names=("master_spreadsheet_update.csv",)), needed=_NEEDED)


def _record(row: Mapping[str, str], *, folder: Path) -> Record:
    image = row["PngPath"]
    view = _VIEWS.get(row["ViewPosition"].upper(), "unknown")
    return Record(
        path=folder / image,
        image=image,
        patient=f"brax:{row['PatientID']}",
        study=f"brax:{row['AccessionNumber']}",
        source="brax",
        official=None,
        labels=ChexpertPolicy().labels(row, of=image),
        stratum=view,
        sha256=file_sha256(folder / image),
        view=view,
        age_years=clean_age(row["PatientAge"]),
        sex=sex_in(row["PatientSex"]),
        is_xray=True,
        xray_type="chest",
    )

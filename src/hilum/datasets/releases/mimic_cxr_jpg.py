"""MIMIC-CXR-JPG 2.0.0 (Johnson et al. 2019, PhysioNet): 377,110 chests, fourteen observations read from reports.

Layout (PhysioNet's page): `files/p10/p10000032/s50414267/DICOM_ID.jpg`, and beside `files/` the tables, plain or
gzipped, `mimic-cxr-2.0.0-split.csv` (dicom_id, study_id, subject_id, split: train, validate, test), `-metadata.csv`
(dicom_id, ViewPosition and more) and `-chexpert.csv` (subject_id, study_id and the observations of CheXpert: 1, 0, -1
or blank, one row a study). Not tried on real files.

Uncertain observations and those that a report does not mention are masked, but for No Finding beside a finding, which
is negative. The release tells no age and no sex.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from hilum.datasets.records.csv_rows import find_table, read_rows
from hilum.datasets.records.files import file_sha256, some_of
from hilum.datasets.records.listing import Count, Listing
from hilum.datasets.records.record import Record
from hilum.datasets.releases.chexpert import COLUMNS, LABELS, ChexpertPolicy
from hilum.errors import DataError
from hilum.radiograph import View

LICENCE = "MIMIC-CXR-JPG 2.0.0, Johnson et al. 2019, PhysioNet credentialed health data use agreement 1.5.0"
OFFICIAL = {"train": Count(images=368_960), "validate": Count(images=2_991), "test": Count(images=5_159)}

_TABLE = "mimic-cxr-2.0.0-{}.csv"
_VIEWS: Mapping[str, View] = {"PA": "PA", "AP": "AP", "LL": "LL", "LATERAL": "LL"}
_UNLABELLED: Mapping[str, float] = dict.fromkeys(LABELS, math.nan)


def read_mimic_cxr_jpg(folder: Path) -> tuple[Record, ...]:
    """The pictures that the table of splits names and that are there, in its order.

    Raises `DataError` where a table or every picture is missing, or a cell is none of the release's.
    """
    rows = _splits(folder)
    views = {row["dicom_id"]: row["ViewPosition"] for row in _rows(folder, "metadata", ("dicom_id", "ViewPosition"))}
    studies = _observations(folder)
    records = tuple(
        _record(row, image=image, folder=folder, view=views.get(row["dicom_id"], ""), labels=studies)
        for row in rows
        if (folder / (image := _image(row))).is_file()
    )
    return some_of(records, folder=folder, such_as=next((_image(row) for row in rows), "files/p10"))


def list_mimic_cxr_jpg(folder: Path) -> Listing:
    """What the table of splits names."""
    rows = _splits(folder)
    people = {part: {row["subject_id"] for row in rows if row["split"] == part} for part in OFFICIAL}
    return Listing(
        images={_image(row): row["split"] for row in rows},
        counts={
            part: Count(images=sum(row["split"] == part for row in rows), patients=len(people[part]))
            for part in OFFICIAL
        },
    )


def _rows(folder: Path, name: str, needed: tuple[str, ...]) -> list[dict[str, str]]:
    return read_rows(find_table(folder, names=(_TABLE.format(name),)), needed=needed)


def _splits(folder: Path) -> list[dict[str, str]]:
    rows = _rows(folder, "split", ("dicom_id", "study_id", "subject_id", "split"))
    wrong = next((row for row in rows if row["split"] not in OFFICIAL), None)
    if wrong is not None:
        raise DataError(f"{wrong['split']!r} of {wrong['dicom_id']} is no split of MIMIC-CXR-JPG; take its own table")
    return rows


def _image(row: Mapping[str, str]) -> str:
    subject = row["subject_id"]
    return f"files/p{subject[:2]}/p{subject}/s{row['study_id']}/{row['dicom_id']}.jpg"


def _observations(folder: Path) -> dict[str, dict[str, float]]:
    rows = _rows(folder, "chexpert", ("study_id", *COLUMNS))
    return {row["study_id"]: ChexpertPolicy().labels(row, of=f"study {row['study_id']}") for row in rows}


def _record(
    row: Mapping[str, str], *, image: str, folder: Path, view: str, labels: Mapping[str, Mapping[str, float]]
) -> Record:
    found = _VIEWS.get(view.upper(), "unknown")
    return Record(
        path=folder / image,
        image=image,
        patient=f"mimic_cxr_jpg:{row['subject_id']}",
        study=f"mimic_cxr_jpg:{row['study_id']}",
        source="mimic_cxr_jpg",
        official=row["split"],
        held_out=row["split"] == "test",
        labels=labels.get(row["study_id"], _UNLABELLED),
        stratum=found,
        sha256=file_sha256(folder / image),
        view=found,
        is_xray=True,
        xray_type="chest",
    )

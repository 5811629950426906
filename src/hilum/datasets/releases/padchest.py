"""PadChest (Bustos et al. 2020, BIMCV): 160,868 chests of 67,625 patients, labels of reports in a hierarchy.

Layout (BIMCV's page): `PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv`, plain or gzipped (ImageID, ImageDir,
StudyDate_DICOM, StudyID, PatientID, PatientBirth, PatientSex_DICOM, Projection, Labels as a list in brackets), and the
pictures, 16-bit PNG, by the name ImageID in numbered folders or in one. Not tried on real files.

Of some 190 labels those are read that hilum knows; where the list is empty, or says `exclude` or `suboptimal study`,
nothing is known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

from hilum.datasets.records.csv_rows import find_table, read_rows
from hilum.datasets.records.files import file_sha256, pictures_by_stem
from hilum.datasets.records.label_values import clean_age
from hilum.datasets.records.listing import Count, Listing
from hilum.datasets.records.record import Record
from hilum.radiograph import Sex, View

LICENCE = "PadChest, Bustos et al. 2020, BIMCV, research use agreement"
OFFICIAL = {"": Count(images=160_868, patients=67_625)}
LABELS: Mapping[str, str] = {
    "atelectasis": "Atelectasis",
    "cardiomegaly": "Cardiomegaly",
    "consolidation": "Consolidation",
    "pulmonary edema": "Edema",
    "pleural effusion": "Effusion",
    "emphysema": "Emphysema",
    "pulmonary fibrosis": "Fibrosis",
    "hiatal hernia": "Hernia",
    "infiltrates": "Infiltration",
    "mass": "Mass",
    "nodule": "Nodule",
    "pleural thickening": "Pleural Thickening",
    "pneumonia": "Pneumonia",
    "pneumothorax": "Pneumothorax",
    "tuberculosis": "Tuberculosis",
    "normal": "No Finding",
}
"""The release's words, and hilum's names."""

_TABLE = "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv"
_NEEDED = (
    "ImageID", "StudyDate_DICOM", "StudyID", "PatientID", "PatientBirth", "PatientSex_DICOM", "Projection", "Labels",
)  # fmt: skip
_NOTHING_KNOWN = frozenset({"exclude", "suboptimal study"})
_WORD = re.compile(r"""['"]([^'"]*)['"]""")
_VIEWS: Mapping[str, View] = {"PA": "PA", "AP": "AP", "AP_HORIZONTAL": "AP", "L": "LL"}
_SEXES: Mapping[str, Sex] = {"F": "F", "M": "M", "O": "O"}


def read_padchest(folder: Path) -> tuple[Record, ...]:
    """The pictures that the table names and that are there, in its order.

    Raises `DataError` where the table or every picture is missing, or two pictures have one name.
    """
    rows = _rows(folder)
    pictures = pictures_by_stem(folder, release="PadChest")
    return tuple(
        _record(row, path=path) for row in rows if (path := pictures.get(Path(row["ImageID"]).stem)) is not None
    )


def list_padchest(folder: Path) -> Listing:
    """What the table names."""
    rows = _rows(folder)
    return Listing(
        images={row["ImageID"]: "" for row in rows},
        counts={"": Count(images=len(rows), patients=len({row["PatientID"] for row in rows}))},
    )


def _rows(folder: Path) -> list[dict[str, str]]:
    return read_rows(find_table(folder, names=(_TABLE,)), needed=_NEEDED)


def _labels(text: str) -> dict[str, float]:
    said = {word.strip().casefold() for word in _WORD.findall(text)} - {""}
    if not said or said & _NOTHING_KNOWN:
        return dict.fromkeys(LABELS.values(), math.nan)
    return {name: float(word in said) for word, name in LABELS.items()}


def _age_years(row: Mapping[str, str]) -> float | None:
    """By the years of the study and of birth, which is all that the release tells."""
    study, birth = row["StudyDate_DICOM"][:4], row["PatientBirth"].removesuffix(".0")
    return clean_age(str(int(study) - int(birth))) if study.isdigit() and birth.isdigit() else None


def _record(row: Mapping[str, str], *, path: Path) -> Record:
    view = _VIEWS.get(row["Projection"].upper(), "unknown")
    return Record(
        path=path,
        image=row["ImageID"],
        patient=f"padchest:{row['PatientID']}",
        study=f"padchest:{row['StudyID']}",
        source="padchest",
        official=None,
        labels=_labels(row["Labels"]),
        stratum=view,
        sha256=file_sha256(path),
        view=view,
        age_years=_age_years(row),
        sex=_SEXES.get(row["PatientSex_DICOM"].upper(), "unknown"),
        is_xray=True,
        xray_type="chest",
    )

"""Kermany et al. 2018, paediatric chest radiographs: NORMAL against PNEUMONIA, children of 1 to 5 years, AP.

Layout (Mendeley Data rscbjbr9sj, file ChestXRay2017; the Kaggle copy adds `val`): `{train,val,test}/{NORMAL,PNEUMONIA}/
*.jpeg`; pneumonia files are `personN_{virus,bacteria}_M.jpeg`, healthy ones `IM-N-M.jpeg` or `NORMAL2-IM-N-M.jpeg`.
A later version calls them `{BACTERIA,VIRUS,NORMAL}-PATIENT-M.jpeg`, one number a patient (not tried on real files).
Tried on real files, of the test folder on half.

Most `personN` numbers of the test folder also stand in train, and nobody outside knows whether they are the same
children; ids are therefore namespaced by official folder (traps list, 10).
"""

from __future__ import annotations

import re
from pathlib import Path

from hilum.datasets.records.files import file_sha256
from hilum.datasets.records.record import Record
from hilum.errors import DataError

LABEL = "Pneumonia"
SOURCE = "kermany"
PATIENTS = "patient ids are namespaced by official folder"
"""What a protocol must say of the release's patients."""

FOLDERS = ("train", "val", "test")
LICENCE = "Kermany et al. 2018, Labeled Optical Coherence Tomography and Chest X-Ray Images, CC BY 4.0"
AGE_YEARS = (1.0, 5.99)
"""The release's children: one to five years."""

_PATTERNS = {
    "PNEUMONIA": (
        re.compile(r"(?P<patient>person\d+)_(?P<kind>virus|bacteria)_\d+(?:_\d+)?"),
        re.compile(r"(?P<kind>VIRUS|BACTERIA)-(?P<patient>\d+)-\d+", re.IGNORECASE),
    ),
    "NORMAL": (
        re.compile(r"(?P<patient>(?:NORMAL2-)?IM-\d+)-\d+(?:-\d+)?"),
        re.compile(r"NORMAL-(?P<patient>\d+)-\d+", re.IGNORECASE),
    ),
}
_SUFFIXES = {".jpeg", ".jpg", ".png"}


def read_kermany(folder: Path) -> tuple[Record, ...]:
    """Every image under `folder` (the one that holds `train` and `test`), sorted by name.

    Raises `DataError` where the layout or a file name is not the release's.
    """
    records = [
        _record(path, official=official, label=label)
        for official in FOLDERS
        for label in _PATTERNS
        for path in sorted((folder / official / label).glob("*"))
        if path.suffix.lower() in _SUFFIXES
    ]
    missing = {"train", "test"} - {record.official for record in records}
    if missing:
        raise DataError(
            f"{folder} must hold train/ and test/ with NORMAL/ and PNEUMONIA/; no image was found in "
            f"{', '.join(sorted(missing))}. Give the folder chest_xray of the data set"
        )
    return tuple(records)


def _record(path: Path, *, official: str, label: str) -> Record:
    match = next((found for one in _PATTERNS[label] if (found := one.fullmatch(path.stem))), None)
    if match is None:
        raise DataError(
            f"The name of {path} is not one of {label}, such as person1_virus_6, IM-0115-0001 or VIRUS-1008087-0001. "
            "Remove or rename the file"
        )
    kind = match.groupdict().get("kind", "normal").lower()
    return Record(
        path=path,
        image=f"{official}/{label}/{path.name}",
        patient=f"{SOURCE}:{official}:{match['patient']}",
        source=SOURCE,
        official=official,
        held_out=official == "test",
        labels={LABEL: float(label == "PNEUMONIA")},
        stratum=kind,
        sha256=file_sha256(path),
        view="AP",
        is_xray=True,
        xray_type="chest",
    )

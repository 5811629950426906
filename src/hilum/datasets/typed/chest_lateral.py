"""Lateral chests of adults, most with pneumonia, out of Cohen's collection (2020): one flat folder, patients by name.

A name is `pPATIENT_...`, with the number that the collection gave the patient. Tried on 34 real files of 29 patients,
at most 512 pixels. Ten of the patients have their frontal view among GeneralBlockchain's chests, under the collection's
name for the case (`p22_covid-19-pneumonia-7-L`, `covid-19-pneumonia-7-PA`): the two releases name their patients apart,
so who splits over both keeps `FRONTAL_IN_GENERAL_BLOCKCHAIN` on the side of that release.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from hilum.datasets.records.files import image_files
from hilum.datasets.records.record import Record, typed_record
from hilum.errors import DataError

LICENCE = (
    "lateral chests of the COVID-19 image data collection, Cohen et al. 2020 (Radiopaedia and others), CC BY-NC-SA"
)

FRONTAL_IN_GENERAL_BLOCKCHAIN = frozenset(
    f"chest_lateral:p{number}" for number in (22, 23, 28, 89, 92, 93, 98, 105, 109, 117)
)
"""`Record.patient` of those whose frontal view is among GeneralBlockchain's chests."""

_NAME = re.compile(r"(?P<patient>p\d+)_.+")


def read_chest_lateral(folder: Path) -> tuple[Record, ...]:
    """Every chest in `folder`, sorted by name, each a lateral view. Raises `DataError` where a name has no patient."""
    return tuple(_record(path) for path in image_files(folder, release="the lateral chests"))


def _record(path: Path) -> Record:
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise DataError(f"The name of {path} does not start with the patient, like p22_case.jpg. Rename it")
    record = typed_record(path, image=path.name, group=match["patient"], source="chest_lateral", xray_type="chest")
    return replace(record, view="LL")

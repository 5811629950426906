"""MURA v1.1 (Rajpurkar et al. 2018): 40,005 radiographs of the upper limb, seven types.

Layout (the release's own paths, as its `train_image_paths.csv` lists them):
`{train,valid}/XR_WRIST/patient00006/study1_positive/image1.png`. Not tried on real files.

The folder of a study says whether a radiologist called it normal: its label `Abnormal` stands on every picture of the
study, since the release labels studies and no pictures.

Split by patient: patient numbers do not repeat between the official folders.
"""

from __future__ import annotations

import re
from pathlib import Path

from hilum.datasets.records.files import image_files
from hilum.datasets.records.record import Record, typed_record
from hilum.errors import DataError
from hilum.findings import finding

LICENCE = "MURA v1.1, Rajpurkar et al. 2018, Stanford research use agreement"
TYPES = {
    "XR_ELBOW": "elbow",
    "XR_FINGER": "finger",
    "XR_FOREARM": "forearm",
    "XR_HAND": "hand",
    "XR_HUMERUS": "humerus",
    "XR_SHOULDER": "shoulder",
    "XR_WRIST": "wrist",
}

HELD_OUT = "valid"
"""The part on which papers test, since the release's own test set was never handed out."""

LABEL = finding("Abnormal").name
_STUDY = re.compile(r"study\d+_(?P<outcome>positive|negative)")
_OUTCOMES = {"positive": 1.0, "negative": 0.0}


def read_mura(folder: Path) -> tuple[Record, ...]:
    """Every picture under `folder` (the one that holds `train` and `valid`), sorted by path."""
    return tuple(_record(path, folder=folder) for path in image_files(folder, release="MURA", deep=True))


def _record(path: Path, *, folder: Path) -> Record:
    parts = path.relative_to(folder).parts
    study = _STUDY.fullmatch(parts[3]) if len(parts) == 5 else None
    if study is None or parts[1] not in TYPES or not parts[2].startswith("patient"):
        raise DataError(
            f"{path} does not lie where it should, such as train/XR_WRIST/patient00006/study1_positive/image1.png. "
            "Check the folder"
        )
    return typed_record(
        path,
        image="/".join(parts),
        group=parts[2],
        source="mura",
        xray_type=TYPES[parts[1]],
        official=parts[0],
        held_out=parts[0] == HELD_OUT,
        study="/".join(parts[1:4]),
        labels={LABEL: _OUTCOMES[study["outcome"]]},
    )

"""MURA v1.1 (Rajpurkar et al. 2018): 40,005 radiographs of the upper limb, seven types.

Layout (the release's own paths, as its `train_image_paths.csv` lists them):
`{train,valid}/XR_WRIST/patient00006/study1_positive/image1.png`. Not tried on real files.

Split by patient: patient numbers do not repeat between the official folders.
"""

from __future__ import annotations

from pathlib import Path

from hilum.datasets.files import image_files
from hilum.datasets.gate_record import gate_record
from hilum.datasets.record import Record
from hilum.errors import DataError

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


def read_mura(folder: Path) -> tuple[Record, ...]:
    """Every picture under `folder` (the one that holds `train` and `valid`), sorted by path."""
    return tuple(_record(path, folder=folder) for path in image_files(folder, release="MURA", deep=True))


def _record(path: Path, *, folder: Path) -> Record:
    parts = path.relative_to(folder).parts
    if len(parts) != 5 or parts[1] not in TYPES or not parts[2].startswith("patient"):
        raise DataError(
            f"expected train/XR_WRIST/patient00006/study1_positive/image1.png, came {path}; check the folder"
        )
    return gate_record(
        path,
        image="/".join(parts),
        group=parts[2],
        source="mura",
        is_xray=True,
        xray_type=TYPES[parts[1]],
        official=parts[0],
        held_out=parts[0] == HELD_OUT,
    )

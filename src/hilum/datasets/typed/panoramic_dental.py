"""Panoramic jaws (Jader et al. 2018), one picture a patient.

Layout (the authors' page of the data): pictures in `images/`, or in folders of categories below it. Not tried on the
release's own folder.
"""

from __future__ import annotations

from pathlib import Path

from hilum.datasets.records.files import image_files
from hilum.datasets.records.record import Record, typed_record

LICENCE = "UFBA-UESC dental images, Jader et al. 2018, research use"


def read_panoramic_dental(folder: Path) -> tuple[Record, ...]:
    """Every jaw under `folder`, sorted by path."""
    return tuple(
        typed_record(
            path,
            image=path.relative_to(folder).as_posix(),
            group=path.relative_to(folder).with_suffix("").as_posix(),
            source="panoramic_dental",
            xray_type="dental",
        )
        for path in image_files(folder, release="the panoramic jaws", deep=True)
    )

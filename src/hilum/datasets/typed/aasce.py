"""AASCE 2019 (Wu et al. 2017), 609 spines from the front.

Layout (the challenge's archive `boostnet_labeldata`): `data/training/*.jpg` and `data/test/*.jpg`. Not tried on real
files.

The release names no patients; each picture is its own group.
"""

from __future__ import annotations

from pathlib import Path

from hilum.datasets.records.files import image_files
from hilum.datasets.records.record import Record, typed_record

LICENCE = "AASCE 2019 challenge, Wu et al. 2017, SpineWeb dataset 16"


def read_aasce(folder: Path) -> tuple[Record, ...]:
    """Every spine under `folder`, sorted by path; the official part is the name of the picture's folder."""
    return tuple(
        typed_record(
            path,
            image=path.relative_to(folder).as_posix(),
            group=path.stem,
            source="aasce",
            xray_type="spine",
            official=path.parent.name,
        )
        for path in image_files(folder, release="AASCE", deep=True)
    )

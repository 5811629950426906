"""COVID-19 adult chests with lung masks by radiologists (GeneralBlockchain): `images/` and `masks/`, same stem.

A mask is a PNG: 255 is the patient's right lung, 128 the left lung, 0 neither; a few hold one lung only. The whole lung
is drawn, behind the heart too. Tried on real files, at most 512 pixels wide.

Some pictures are a series of one patient: names share what stands before `day0`, `Fig8a` or a last number, and are
grouped by it, rather too coarsely than too finely.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from hilum.datasets.records.files import image_files
from hilum.datasets.records.masks import mask_named_as
from hilum.datasets.records.record import Record, typed_record

LICENCE = "adult chests with lung masks, GeneralBlockchain, CC BY 4.0"
STRUCTURE = "lungs"

_SERIES = re.compile(r"([-._](day\d+|fig\.?\w*|PA|[a-z]|f\d+\w?|\d{1,2}|admission|\w+-(hours|days?)))+$", re.IGNORECASE)


def read_general_blockchain(folder: Path) -> tuple[Record, ...]:
    """Every chest in `folder/images`, sorted by name, with its mask where `folder/masks` was copied too.

    Raises `DataError` where some chests have a mask and one has none.
    """
    masks = folder / "masks"
    return tuple(
        replace(
            typed_record(
                path,
                image=path.name,
                group=series_of(path.stem),
                source="lungs",
                xray_type="chest",
                masks={STRUCTURE: mask_named_as(path, folder=masks)} if masks.is_dir() else {},
            ),
            lung_definition="whole" if masks.is_dir() else None,
        )
        for path in image_files(folder / "images", release="GeneralBlockchain")
    )


def series_of(stem: str) -> str:
    """What the names of one series share; a whole name where nothing looks like a series."""
    return _SERIES.sub("", stem) or stem

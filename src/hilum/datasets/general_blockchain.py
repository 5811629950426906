"""COVID-19 adult chests with lung masks by radiologists (GeneralBlockchain): `images/` and `masks/`, same stem.

Some pictures are a series of one patient: names share what stands before `day0`, `Fig8a` or a last number, and are
grouped by it, rather too coarsely than too finely.
"""

from __future__ import annotations

import re
from pathlib import Path

from hilum.datasets.files import image_files
from hilum.datasets.gate_record import gate_record
from hilum.datasets.record import Record

LICENCE = "adult chests with lung masks, GeneralBlockchain, CC BY 4.0"

_SERIES = re.compile(r"([-._](day\d+|fig\.?\w*|PA|[a-z]|f\d+\w?|\d{1,2}|admission|\w+-(hours|days?)))+$", re.IGNORECASE)


def read_general_blockchain(folder: Path) -> tuple[Record, ...]:
    """Every chest in `folder/images`, sorted by name."""
    return tuple(
        gate_record(path, image=path.name, group=series_of(path.stem), source="lungs", is_xray=True, xray_type="chest")
        for path in image_files(folder / "images", release="GeneralBlockchain")
    )


def series_of(stem: str) -> str:
    """What the names of one series share; a whole name where nothing looks like a series."""
    return _SERIES.sub("", stem) or stem

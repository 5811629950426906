"""Shenzhen (CHNCXR) and Montgomery (MCUCXR) chests, one a patient: `images/CHNCXR_0001_0.jpg`, masks beside them.

The last digit of the name says tuberculosis; a gate does not ask for it.
"""

from __future__ import annotations

import re
from pathlib import Path

from hilum.datasets.files import image_files
from hilum.datasets.gate_record import gate_record
from hilum.datasets.record import Record
from hilum.errors import DataError

LICENCE = "Shenzhen and Montgomery County chest X-ray sets, Jaeger et al. 2014, US National Library of Medicine"

_NAME = re.compile(r"(?P<patient>(?:CHN|MCU)CXR_\d{4})_[01]$")


def read_shenzhen_montgomery(folder: Path) -> tuple[Record, ...]:
    """Every chest in `folder/images`, sorted by name. Raises `DataError` for a name that is not the release's."""
    return tuple(_record(path) for path in image_files(folder / "images", release="Shenzhen and Montgomery"))


def _record(path: Path) -> Record:
    match = _NAME.match(path.stem)
    if match is None:
        raise DataError(f"expected a name like CHNCXR_0001_0.jpg, came {path}; remove or rename the file")
    return gate_record(
        path, image=path.name, group=match["patient"], source="lungs_tb", is_xray=True, xray_type="chest"
    )

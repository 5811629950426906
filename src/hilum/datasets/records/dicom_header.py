"""What adapters take from a file's DICOM header: age, sex, view and size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError

from hilum.errors import DataError
from hilum.radiograph import VIEWS, Sex, View

_SEXES: Mapping[str, Sex] = {"F": "F", "M": "M", "O": "O"}
_TAGS = ("PatientAge", "PatientSex", "ViewPosition", "Rows", "Columns")


@dataclass(frozen=True, slots=True)
class Header:
    """`age` is as written; `width` and `height` are in pixels, 0 where the header does not say."""

    age: str
    sex: Sex
    view: View
    width: int
    height: int


def read_header(path: Path) -> Header:
    """Age, sex, view and size from a file's header. Raises `DataError` where it is no DICOM file."""
    try:
        tags = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS))
    except (OSError, InvalidDicomError) as error:
        raise DataError(f"{path} is not a DICOM file that can be read ({error}). Copy it again") from error
    return Header(
        age=str(tags.get("PatientAge") or ""),
        sex=_SEXES.get(str(tags.get("PatientSex") or "").strip().upper(), "unknown"),
        view=VIEWS.get(str(tags.get("ViewPosition") or "").strip().upper(), "unknown"),
        width=int(tags.get("Columns") or 0),
        height=int(tags.get("Rows") or 0),
    )

"""What adapters take from a file's DICOM header: age, sex, view and size; sex and view as reading does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError

from hilum.errors import DataError
from hilum.imaging.dicom.tags import read_sex
from hilum.imaging.dicom.view import VIEW_TAGS, read_view
from hilum.radiograph import Sex, View

_TAGS = ("PatientAge", "PatientSex", *VIEW_TAGS, "Rows", "Columns")


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
        sex=read_sex(tags),
        view=read_view(tags).view,
        width=int(tags.get("Columns") or 0),
        height=int(tags.get("Rows") or 0),
    )

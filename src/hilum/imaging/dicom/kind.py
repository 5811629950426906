"""What kind of DICOM object a file is, told by its first bytes: image, report, waveform, presentation state."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

from pydicom.config import IGNORE
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import UID

from hilum.errors import DecodeError
from hilum.imaging.dicom.file import DEFLATED, SOP_CLASS, TRANSFER_SYNTAX, dicom_start, encoding_of, read_meta, uid_in
from hilum.imaging.dicom.pydicom_warnings import without_pydicom_warnings
from hilum.imaging.dicom.values import numbers, tag_of, text

_ASKED = [int(tag_of(keyword)) for keyword in ("SOPClassUID", "Modality", "NumberOfFrames", "Rows")]
_LAST = max(_ASKED)
_FILMS = ("Computed Radiography", "Digital X-Ray", "Digital Intra-Oral X-Ray", "Secondary Capture")
_BROKEN = (ArithmeticError, AttributeError, EOFError, LookupError, OSError, TypeError, ValueError, struct.error)


@dataclass(frozen=True, slots=True)
class DicomKind:
    """`object_name` is the registered name of a class that is no image, or None; `modality` is in capitals.

    `may_be_image` is False where the class is told, and is none that stores images. `is_radiograph` is False where it
    stores images of another kind than films and captures. `frames` is None where it is not told. `has_rows` is False
    where the elements of an image were looked for, and are not there.
    """

    object_name: str | None
    may_be_image: bool
    is_radiograph: bool
    modality: str | None = None
    frames: int | None = None
    has_rows: bool | None = None


def object_name(sop_class: str | None) -> str | None:
    """The registered name of a SOP class that stores no image (PS3.6, annex A), such as `Basic Text SR`; else None."""
    name = _registered_name(sop_class)
    if name is None or "Image Storage" in name or "Storage" not in name:
        return None
    return name.rpartition(" Storage")[0]


def read_kind(head: bytes, *, is_whole: bool = False) -> DicomKind | None:
    """The kind, from the first bytes of a DICOM file or from all; None where they tell too little or are malformed."""
    meta, start = read_meta(head, dicom_start(head))
    of_the_meta = uid_in(meta, SOP_CLASS)
    syntax = uid_in(meta, TRANSFER_SYNTAX)
    if syntax == DEFLATED or object_name(of_the_meta) is not None:
        return DicomKind(object_name(of_the_meta), _may_be_image(of_the_meta), _is_radiograph(of_the_meta))
    body = memoryview(head)[start:]
    if len(body) < 8:
        return None
    reached: list[int] = []
    try:
        implicit, little = encoding_of(body, syntax)
        with without_pydicom_warnings():
            elements = read_dataset(
                io.BytesIO(body), implicit, little, stop_when=lambda tag, *_: _stop(tag, reached), specific_tags=_ASKED
            )
        return _kind(elements, of_the_meta=of_the_meta, complete=bool(reached) or is_whole)
    except (*_BROKEN, DecodeError):
        return None


def _stop(tag: BaseTag, reached: list[int]) -> bool:
    if tag > _LAST:
        reached.append(int(tag))
    return bool(reached)


def _may_be_image(sop_class: str | None) -> bool:
    return sop_class is None or "Image Storage" in (_registered_name(sop_class) or "")


def _is_radiograph(sop_class: str | None) -> bool:
    """Whether images of the class may be films; those of a class that is not told or not registered may."""
    name = _registered_name(sop_class)
    return name is None or any(kind in name for kind in _FILMS)


def _registered_name(sop_class: str | None) -> str | None:
    """The name in the DICOM registry; a malformed UID, which pydicom would warn of, has none."""
    name = UID(sop_class or "", validation_mode=IGNORE).name
    return None if name == (sop_class or "") else name


def _kind(elements: Dataset, *, of_the_meta: str | None, complete: bool) -> DicomKind:
    sop_class = text(elements, "SOPClassUID") or of_the_meta
    modality = text(elements, "Modality")
    frames = numbers(elements, "NumberOfFrames")
    has_rows = bool(numbers(elements, "Rows"))
    return DicomKind(
        object_name=object_name(sop_class),
        may_be_image=_may_be_image(sop_class),
        is_radiograph=_is_radiograph(sop_class),
        modality=modality.upper() if modality else None,
        frames=int(frames[0]) if frames else None,
        has_rows=has_rows if has_rows or complete else None,
    )

"""Values of data elements, read from their bytes.

pydicom's own conversion validates by global settings and warns; here a value is what its bytes say, or an error, and
elements that are not asked for are never looked at.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

from hilum.errors import DecodeError

_BINARY = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}


def tag_of(keyword: str) -> BaseTag:
    """The tag of a keyword of the DICOM dictionary."""
    number = tag_for_keyword(keyword)
    if number is None:
        raise KeyError(keyword)
    return Tag(number)


@dataclass(frozen=True, slots=True)
class RawElement:
    """The bytes of an element. `length` is what the file promises, None where it is undefined (encapsulated pixels)."""

    data: bytes
    vr: str
    is_little_endian: bool
    length: int | None


def raw_element(dataset: Dataset, keyword: str) -> RawElement | None:
    """An element as it stands in the file, or None where it is absent."""
    tag = tag_of(keyword)
    if tag not in dataset:
        return None
    element = dataset.get_item(tag)
    if not isinstance(element, RawDataElement):
        return None
    vr = element.VR
    if vr is None or vr == "UN":
        vr = dictionary_VR(tag)
    length = None if element.length == 0xFFFFFFFF else element.length
    return RawElement(element.value or b"", vr, element.is_little_endian, length)


def texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """The parts of a text element, without padding; () where it is absent or empty.

    Only codes, numbers and identifiers are read here, which are ASCII in every character set.
    """
    found = raw_element(dataset, keyword)
    if found is None:
        return ()
    parts = tuple(part.strip(" \0\t\r\n") for part in found.data.decode("ascii", "replace").split("\\"))
    return parts if any(parts) else ()


def text(dataset: Dataset, keyword: str) -> str | None:
    """The first part of a text element, or None where it is absent or empty."""
    parts = texts(dataset, keyword)
    return parts[0] or None if parts else None


def numbers(dataset: Dataset, keyword: str, *, signed: bool = False) -> tuple[float, ...]:
    """The numbers of an element, () where it is absent or empty.

    `signed` settles the elements whose representation follows the pixels' (US or SS). Raises `DecodeError` where the
    bytes are no numbers, or where one is not finite.
    """
    found = raw_element(dataset, keyword)
    if found is None:
        return ()
    data, vr = found.data, found.vr
    if " or " in vr:
        vr = "SS" if signed else "US"
    try:
        if vr in _BINARY:
            code = _BINARY[vr]
            count = len(data) // struct.calcsize("<" + code)
            values = tuple(
                float(one) for one in struct.unpack_from(f"{'<' if found.is_little_endian else '>'}{count}{code}", data)
            )
        else:
            values = tuple(float(part) for part in texts(dataset, keyword))
    except ValueError:
        raise DecodeError(f"{keyword} holds {texts(dataset, keyword)}, which are not numbers") from None
    if not all(math.isfinite(value) for value in values):
        raise DecodeError(f"{keyword} holds {values}, which are not all finite numbers")
    return values


def integer(dataset: Dataset, keyword: str, *, default: int | None = None) -> int:
    """The first number of an element as an integer; without a default an absent one raises `DecodeError`."""
    values = numbers(dataset, keyword)
    if values:
        return int(values[0])
    if default is None:
        raise DecodeError(f"the DICOM file has no {keyword}, without which its pixels cannot be read")
    return default


def items(dataset: Dataset, keyword: str) -> tuple[Dataset, ...]:
    """The items of a sequence, () where it is absent or empty."""
    tag = tag_of(keyword)
    if tag not in dataset:
        return ()
    value = dataset[tag].value
    return tuple(value) if isinstance(value, Sequence) else ()


def framed(dataset: Dataset, sequence: str, *, keyword: str, frame: int) -> Dataset:
    """The dataset that holds `keyword` for one frame (counted from 1).

    Enhanced multi-frame files put it into `sequence` of the frame's functional group, or of the shared one; plain
    files hold it themselves, and are what comes back where nothing else does.
    """
    per_frame = items(dataset, "PerFrameFunctionalGroupsSequence")
    groups = (*per_frame[frame - 1 : frame], *items(dataset, "SharedFunctionalGroupsSequence")[:1])
    for group in groups:
        for item in items(group, sequence)[:1]:
            if tag_of(keyword) in item:
                return item
    return dataset

"""Which format bytes are, told from the bytes; the suffix of a file is never looked at."""

from __future__ import annotations

import re
from typing import Literal

from hilum.errors import DecodeError

FileFormat = Literal["DICOM", "PNG", "JPEG", "TIFF", "BMP", "WEBP"]

READ_FORMATS = "PNG, JPEG, TIFF, BMP, WebP or DICOM"

_SIGNATURES: tuple[tuple[bytes, FileFormat], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
)

_OTHERS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"GIF8[79]a"), "a GIF picture"),
    (re.compile(rb"%PDF-"), "a PDF document"),
    (re.compile(rb"\x28\xb5\x2f\xfd"), "a Zstandard-compressed stream; decompress it first"),
    (re.compile(rb"\x1f\x8b"), "a gzip-compressed stream; decompress it first"),
    (re.compile(rb"PK[\x03\x05][\x04\x06]"), "a ZIP archive; give its name to read it as a folder, or unpack it"),
    (re.compile(rb"\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51"), "a JPEG 2000 picture outside DICOM"),
    (re.compile(rb"\x00\x00\x00\x0cJXL |\xff\x0a"), "a JPEG XL picture outside DICOM"),
    (re.compile(rb".{4}ftyp", re.DOTALL), "a HEIF or AVIF picture or a video"),
    (re.compile(rb"[\x09\x0a\x0d\x20-\x7e\x80-\xff]{1,64}\Z"), "text"),
)

EXPLICIT_VRS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV".split()
)
"""The value representations of PS3.5, 6.2, as the two letters that an explicit element holds."""

_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
"""How long the second header of a BMP may be, from OS/2's core header to Windows' version 5."""

_FIRST_GROUPS = (0x0002, 0x0008)


def sniff(data: bytes) -> FileFormat:
    """The format of `data`.

    `DICM` at byte 128 is looked for first: a DICOM preamble may itself begin like a TIFF file. DICOM without a
    preamble is known by its first data element, of group 0002 or 0008, with or without `DICM` before it. BMP is known
    by its two headers, since any text may begin with its two letters. Raises `DecodeError` for anything else, naming
    what it looks like.
    """
    if not data:
        raise DecodeError(f"the file is empty; hilum reads {READ_FORMATS}")
    if data[128:132] == b"DICM":
        return "DICOM"
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if _begins_as_bmp(data):
        return "BMP"
    if _begins_with_data_element(data.removeprefix(b"DICM")):
        return "DICOM"
    likeness = next((what for pattern, what in _OTHERS if pattern.match(data[:64])), "an unknown format")
    raise DecodeError(f"not an image that hilum reads ({READ_FORMATS}) but {likeness}")


def _begins_as_bmp(data: bytes) -> bool:
    """Whether the second header of `data` has a length that the format knows and the pixels begin behind both."""
    if data[:2] != b"BM" or len(data) < 18:
        return False
    pixels, header = (int.from_bytes(data[at : at + 4], "little") for at in (10, 14))
    return header in _BMP_HEADERS and pixels >= 14 + header


def _begins_with_data_element(data: bytes) -> bool:
    """Whether `data` starts with a DICOM data element of group 0002 or 0008, in any of the three uncompressed ways."""
    if len(data) < 16:
        return False
    little = int.from_bytes(data[:2], "little") in _FIRST_GROUPS
    big = int.from_bytes(data[:2], "big") in _FIRST_GROUPS
    if not (little or big):
        return False
    if data[4:6] in EXPLICIT_VRS:
        return True
    return little and int.from_bytes(data[4:8], "little") <= min(len(data), 1024)

"""The directories of a TIFF file (TIFF 6.0, BigTIFF) and of the EXIF block of other formats, without their pixels."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from hilum.errors import DecodeError

Directory = dict[int, tuple[float, ...]]
"""Tag number to its numbers; tags that hold text or undefined bytes are left out."""

ORIENTATION = 274

_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_RATIONALS = {5: "I", 10: "i"}
_MAX_DIRECTORIES = 65535
_MAX_VALUES = 3 * 65536
"""The longest list of numbers that is read: a colour map of 16 bits. Strip offsets beyond it are the decoder's."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Byte order and field widths: classic TIFF counts in 16 and 32 bits, BigTIFF in 64."""

    order: str
    big: bool

    def unpack(self, code: str, data: bytes, offset: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(self.order + code, data, offset)
        except struct.error:
            raise DecodeError("the TIFF structure points beyond the end of the file: truncated or corrupt") from None


def read_directories(data: bytes) -> tuple[Directory, ...]:
    """All directories of the main chain, in order.

    Raises `DecodeError` where the chain is empty, loops, or points out of the file.
    """
    layout, offset = _layout(data)
    directories: list[Directory] = []
    seen: set[int] = set()
    while offset:
        if offset in seen or len(directories) >= _MAX_DIRECTORIES:
            raise DecodeError("the TIFF file is corrupt: its chain of directories does not end")
        seen.add(offset)
        directory, offset = _read_directory(data, offset, layout)
        directories.append(directory)
    if not directories:
        raise DecodeError("the TIFF file holds no image directory")
    return tuple(directories)


def exif_orientation(exif: bytes | None) -> int:
    """The orientation 1 to 8 of an EXIF block, 1 where there is none or where the block is broken."""
    if not exif:
        return 1
    try:
        layout, offset = _layout(exif)
        directory, _ = _read_directory(exif, offset, layout)
    except DecodeError:
        return 1
    return orientation_of(directory)


def orientation_of(directory: Directory) -> int:
    """The orientation 1 to 8 of a directory; anything else counts as 1."""
    value = int(directory.get(ORIENTATION, (1,))[0])
    return value if value in range(1, 9) else 1


def _layout(data: bytes) -> tuple[_Layout, int]:
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 8:
        raise DecodeError("the TIFF header is truncated or corrupt")
    layout = _Layout(order, big=layout_version(data, order) == 43)
    return layout, layout.unpack("Q", data, 8)[0] if layout.big else layout.unpack("I", data, 4)[0]


def layout_version(data: bytes, order: str) -> int:
    """The version number of a TIFF header: 42, or 43 for BigTIFF."""
    return int(struct.unpack_from(order + "H", data, 2)[0])


def _read_directory(data: bytes, offset: int, layout: _Layout) -> tuple[Directory, int]:
    count_code, count_size, entry_size, next_code = ("Q", 8, 20, "Q") if layout.big else ("H", 2, 12, "I")
    (count,) = layout.unpack(count_code, data, offset)
    start = offset + count_size
    if count > (len(data) - start) // entry_size:
        raise DecodeError("the TIFF structure points beyond the end of the file: truncated or corrupt")
    directory: Directory = {}
    for entry in range(start, start + count * entry_size, entry_size):
        tag, values = _read_entry(data, entry, layout)
        if values:
            directory.setdefault(tag, values)
    after = start + count * entry_size
    if after + (8 if layout.big else 4) > len(data):
        return directory, 0
    return directory, layout.unpack(next_code, data, after)[0]


def _read_entry(data: bytes, entry: int, layout: _Layout) -> tuple[int, tuple[float, ...]]:
    tag, kind, count = layout.unpack("HHQ" if layout.big else "HHI", data, entry)
    if kind not in _CODES and kind not in _RATIONALS:
        return tag, ()
    rational = kind in _RATIONALS
    code = _RATIONALS.get(kind) or _CODES[kind]
    number = min(count, _MAX_VALUES) * (2 if rational else 1)
    size = struct.calcsize("<" + code) * count * (2 if rational else 1)
    inline = entry + (12 if layout.big else 8)
    at = inline if size <= (8 if layout.big else 4) else layout.unpack("Q" if layout.big else "I", data, inline)[0]
    values = layout.unpack(f"{number}{code}", data, at)
    if rational:
        pairs = zip(values[::2], values[1::2], strict=True)
        return tag, tuple(top / bottom if bottom else 0.0 for top, bottom in pairs)
    return tag, values

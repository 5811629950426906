"""The directories of a TIFF file (TIFF 6.0, BigTIFF) and of the EXIF block of other formats, without their pixels."""

from __future__ import annotations

import struct
from collections.abc import Set
from dataclasses import dataclass

from hilum.errors import DecodeError

ORIENTATION = 274

_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_RATIONALS = {5: "I", 10: "i"}
_MAX_DIRECTORIES = 65535
_MAX_VALUES = 3 * 65536
"""The longest list of numbers that is read: a colour map of 16 bits. Strip offsets beyond it are the decoder's."""

_BEYOND = "the TIFF structure points beyond the end of the file: truncated or corrupt"


@dataclass(frozen=True, slots=True)
class _Layout:
    """Byte order and field widths: classic TIFF counts in 16 and 32 bits, BigTIFF in 64."""

    order: str
    big: bool

    @property
    def entry_size(self) -> int:
        return 20 if self.big else 12

    def unpack(self, code: str, data: bytes, offset: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(self.order + code, data, offset)
        except struct.error:
            raise DecodeError(_BEYOND) from None


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where the numbers of a tag stand, all within the file; a rational counts as two."""

    at: int
    count: int
    code: str
    rational: bool


@dataclass(frozen=True, slots=True)
class Directory:
    """The wanted tags of a directory; those that hold text or undefined bytes are left out.

    Numbers are unpacked when they are asked for: all entries of all directories may name the same long list of them.
    """

    _data: bytes
    _layout: _Layout
    _entries: dict[int, _Entry]

    def get(self, tag: int, *, most: int = _MAX_VALUES) -> tuple[float, ...]:
        """The first numbers of a tag, `most` at most; none where the directory does not hold it."""
        entry = self._entries.get(tag)
        if entry is None:
            return ()
        number = min(entry.count, most) * (2 if entry.rational else 1)
        values = self._layout.unpack(f"{number}{entry.code}", self._data, entry.at)
        if not entry.rational:
            return values
        return tuple(top / bottom if bottom else 0.0 for top, bottom in zip(values[::2], values[1::2], strict=True))

    def first(self, tag: int, default: float) -> float:
        """The first number of a tag, or the default where the directory does not hold it."""
        return next(iter(self.get(tag, most=1)), default)


def read_directories(data: bytes, *, wanted: Set[int]) -> tuple[Directory, ...]:
    """All directories of the main chain, in order, each with the `wanted` of its tags.

    Raises `DecodeError` where the chain is empty, loops, or points out of the file, and where directories overlap.
    """
    layout, offset = _layout(data)
    directories: list[Directory] = []
    seen: set[int] = set()
    unread = len(data)
    while offset:
        if offset in seen or len(directories) >= _MAX_DIRECTORIES:
            raise DecodeError("the TIFF file is corrupt: its chain of directories does not end")
        seen.add(offset)
        start, after = _entries_at(data, offset, layout)
        unread -= after - start
        if unread < 0:  # reading all of them would take time by the square of the file's size
            raise DecodeError("the TIFF file is corrupt: its directories overlap")
        directory, offset = _read_directory(data, offset, layout, wanted=wanted)
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
        directory, _ = _read_directory(exif, offset, layout, wanted=frozenset({ORIENTATION}))
    except DecodeError:
        return 1
    return orientation_of(directory)


def orientation_of(directory: Directory) -> int:
    """The orientation 1 to 8 of a directory; anything else counts as 1."""
    value = int(directory.first(ORIENTATION, 1))
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


def _read_directory(data: bytes, offset: int, layout: _Layout, *, wanted: Set[int]) -> tuple[Directory, int]:
    """The directory at `offset`, and where the next one stands; every list must lie in the file, wanted or not."""
    start, after = _entries_at(data, offset, layout)
    entries: dict[int, _Entry] = {}
    for place in range(start, after, layout.entry_size):
        tag, entry = _read_entry(data, place, layout)
        if entry is not None and tag in wanted:
            entries.setdefault(tag, entry)
    directory = Directory(data, layout, entries)
    if after + (8 if layout.big else 4) > len(data):
        return directory, 0
    return directory, layout.unpack("Q" if layout.big else "I", data, after)[0]


def _entries_at(data: bytes, offset: int, layout: _Layout) -> tuple[int, int]:
    """Where the entries of the directory at `offset` begin and end."""
    count_code, count_size = ("Q", 8) if layout.big else ("H", 2)
    (count,) = layout.unpack(count_code, data, offset)
    start = offset + count_size
    if count > (len(data) - start) // layout.entry_size:
        raise DecodeError(_BEYOND)
    return start, start + count * layout.entry_size


def _read_entry(data: bytes, place: int, layout: _Layout) -> tuple[int, _Entry | None]:
    """The tag of the entry at `place`, and its numbers, None where it holds none."""
    tag, kind, count = layout.unpack("HHQ" if layout.big else "HHI", data, place)
    rational = kind in _RATIONALS
    code = _RATIONALS.get(kind) or _CODES.get(kind)
    if code is None or not count:
        return tag, None
    each = struct.calcsize("<" + code) * (2 if rational else 1)
    inline = place + (12 if layout.big else 8)
    is_inline = each * count <= (8 if layout.big else 4)
    at = inline if is_inline else layout.unpack("Q" if layout.big else "I", data, inline)[0]
    count = min(count, _MAX_VALUES)
    if at + each * count > len(data):
        raise DecodeError(_BEYOND)
    return tag, _Entry(at, count, code, rational)

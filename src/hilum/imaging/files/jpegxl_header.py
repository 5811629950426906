"""How large a JPEG XL stream says it is, before any pixel is decoded (ISO/IEC 18181-1 annex D, 18181-2 clause 4)."""

from __future__ import annotations

from collections.abc import Iterator

from hilum.errors import DecodeError
from hilum.imaging.pixels.limits import Limits, check_pixels

_CODESTREAM = b"\xff\x0a"
_CONTAINER = b"\x00\x00\x00\x0cJXL \r\n\x87\n"
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
"""Columns to rows, for the ratios 1 to 7 of a size header."""

_SIZE_BITS = (9, 13, 18, 30)
_LONGEST_SIZE = 9
"""So many bytes hold the longest size header: one bit, two sizes of 2 + 30 bits, three bits of ratio."""


def is_jpegxl(data: bytes) -> bool:
    """Whether `data` begins as a bare JPEG XL codestream or as its container."""
    return data.startswith((_CODESTREAM, _CONTAINER))


def read_jpegxl_size(data: bytes, *, limits: Limits) -> tuple[int, int]:
    """Rows and columns as stored. Raises `DecodeError` for a truncated header, `LimitError` for too many pixels."""
    stream = data if data.startswith(_CODESTREAM) else _codestream(data)
    if not stream.startswith(_CODESTREAM) or len(stream) < len(_CODESTREAM) + 2:
        raise DecodeError("the JPEG XL stream is truncated: it has no size")
    head = stream[len(_CODESTREAM) : len(_CODESTREAM) + _LONGEST_SIZE]
    rows, columns = _size(_Bits(head.ljust(_LONGEST_SIZE, b"\0")))
    check_pixels(rows, columns, limits=limits)
    return rows, columns


class _Bits:
    """Reads numbers from bytes, lowest bit first."""

    def __init__(self, data: bytes) -> None:
        self._left = int.from_bytes(data, "little")

    def take(self, count: int) -> int:
        value = self._left & ((1 << count) - 1)
        self._left >>= count
        return value


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.take(1) == 1
    rows = _length(bits, small=small)
    ratio = bits.take(3)
    if ratio == 0:
        return rows, _length(bits, small=small)
    across, down = _RATIOS[ratio - 1]
    return rows, rows * across // down


def _length(bits: _Bits, *, small: bool) -> int:
    if small:
        return 8 * (bits.take(5) + 1)
    return bits.take(_SIZE_BITS[bits.take(2)]) + 1


def _codestream(data: bytes) -> bytes:
    """The (first part of the) codestream in a container."""
    for kind, content in _boxes(data):
        if kind == b"jxlc":
            return content
        if kind == b"jxlp":  # the first four bytes number the part
            return content[4:]
    return b""


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position + 8 <= len(data):
        length, kind, start = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8], 8
        if length == 1:
            length, start = int.from_bytes(data[position + 8 : position + 16], "big"), 16
        end = len(data) if length == 0 else position + length
        if end < position + start:
            return
        yield kind, data[position + start : end]
        position = end

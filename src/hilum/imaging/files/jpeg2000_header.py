"""What a JPEG 2000 codestream says of itself before any pixel is decoded (ITU-T T.800 annex A)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from hilum.errors import DecodeError
from hilum.imaging.pixels.limits import Limits, check_pixels

_START = b"\xff\x4f\xff\x51"
_END = b"\xff\xd9"
_MAX_TILES = 65535


@dataclass(frozen=True, slots=True)
class Jpeg2000Header:
    """Size, depth and colour of a JPEG 2000 codestream."""

    rows: int
    columns: int
    components: int
    precision: int
    signed: bool


def is_jpeg2000(data: bytes) -> bool:
    """Whether `data` is a raw codestream or a JP2 file."""
    return data.startswith((_START, b"\x00\x00\x00\x0cjP  "))


def read_jpeg2000_header(data: bytes, *, limits: Limits) -> Jpeg2000Header:
    """The SIZ marker segment of a raw codestream, or of the one inside a JP2 file.

    Raises `DecodeError` where it is absent, malformed or without an end, `LimitError` where it names too many pixels.
    """
    start = data.find(_START)
    if start < 0 or len(data) < start + 45:
        raise DecodeError("the JPEG 2000 stream is truncated: it has no size marker")
    right, bottom, left, top, tile_width, tile_height, _, _, components, depth = struct.unpack_from(
        ">8LHB", data, start + 8
    )
    rows, columns = bottom - top, right - left
    if rows < 1 or columns < 1 or min(tile_width, tile_height, components) < 1:
        raise DecodeError(f"the JPEG 2000 stream names {rows} x {columns} pixels: there is no picture in it")
    check_pixels(rows, columns, limits=limits)
    if -(-right // tile_width) * -(-bottom // tile_height) > _MAX_TILES:
        raise DecodeError("the JPEG 2000 stream is corrupt: it names more tiles than the format allows")
    if data.rfind(_END, start) < 0:
        raise DecodeError("the JPEG 2000 stream is truncated: its end marker is missing")
    return Jpeg2000Header(rows, columns, components, (depth & 0x7F) + 1, bool(depth & 0x80))

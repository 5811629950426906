"""What a JPEG 2000 codestream says of itself before any pixel is decoded (ITU-T T.800 annex A, JP2 files: annex I)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from hilum.errors import DecodeError
from hilum.imaging.pixels.limits import Limits, check_pixels

_START = b"\xff\x4f\xff\x51"
_END = b"\xff\xd9"
_JP2 = b"\x00\x00\x00\x0cjP  "
_CODESTREAM_BOX = b"jp2c"
_NO_SIZE = "the JPEG 2000 stream is truncated: it has no size marker"
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
    return data.startswith((_START, _JP2))


def read_jpeg2000_header(data: bytes, *, limits: Limits) -> Jpeg2000Header:
    """The SIZ marker segment of a raw codestream, or of the one inside a JP2 file.

    Raises `DecodeError` where it is absent, malformed or without an end, `LimitError` where it names too many pixels.
    """
    start = _codestream_box(data) if data.startswith(_JP2) else 0
    if not data.startswith(_START, start) or len(data) < start + 45:
        raise DecodeError(_NO_SIZE)
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


def _codestream_box(data: bytes) -> int:
    """Where the content of a JP2 file's first `jp2c` box begins, which is what decoders decode.

    What looks like a codestream in another box is none.
    """
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">L4s", data, at)
        content = at + 8
        if length == 1 and at + 16 <= len(data):  # the length itself follows, in 64 bits
            (length,) = struct.unpack_from(">Q", data, content)
            content += 8
        if kind == _CODESTREAM_BOX:
            return content
        if length == 0:  # to the end of the file
            break
        if at + length < content:
            raise DecodeError("the JPEG 2000 file is corrupt: it names a box that is shorter than its own header")
        at += length
    raise DecodeError(_NO_SIZE)

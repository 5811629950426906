"""What a JPEG or JPEG-LS stream says of itself before any pixel is decoded (ITU-T T.81 annex B, T.87 annex C)."""

from __future__ import annotations

from dataclasses import dataclass

from hilum.errors import DecodeError, LimitError
from hilum.imaging.limits import Limits, check_pixels

_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
_LOSSLESS = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
_SCAN, _END, _APP0, _APP1, _APP14, _JPEG_LS = 0xDA, 0xD9, 0xE0, 0xE1, 0xEE, 0xF7


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """Size, depth and colour of a JPEG stream.

    `adobe_transform` is the Adobe marker's colour transform (0 none, 1 YCbCr, 2 YCCK), or None without that marker.
    `exif` is the TIFF structure of the EXIF block, or None.
    """

    rows: int
    columns: int
    components: int
    precision: int
    lossless: bool
    jpeg_ls: bool
    jfif: bool
    adobe_transform: int | None
    exif: bytes | None


def read_jpeg_header(data: bytes, *, limits: Limits) -> JpegHeader:
    """Walk the markers up to the first scan.

    Raises `DecodeError` where the stream is malformed, has no frame or no end, `LimitError` where it names too many
    pixels or holds more scans than `limits` allow.
    """
    frame: tuple[int, bytes] | None = None
    app: dict[int, bytes] = {}
    position = 2
    while True:
        marker, segment, position = _next_segment(data, position)
        if marker == _SCAN:
            break
        if marker in _FRAMES and frame is None:
            frame = marker, segment
        elif _is_wanted(marker, segment):
            app.setdefault(marker, segment)
    if frame is None:
        raise DecodeError("the JPEG stream has no frame header")
    header = _header(*frame, app)
    check_pixels(header.rows, header.columns, limits=limits)
    _check_scans(data, position, limits=limits)
    return header


def _next_segment(data: bytes, position: int) -> tuple[int, bytes, int]:
    """The next marker with a length: its code, its payload and where the stream goes on."""
    while True:
        start = position
        while data[position : position + 1] == b"\xff":
            position += 1
        if position == start or position + 3 > len(data):
            raise DecodeError("the JPEG stream is truncated or corrupt: a marker is missing before the first scan")
        marker = data[position]
        position += 1
        if marker not in _STANDALONE:
            break
    length = int.from_bytes(data[position : position + 2], "big")
    if marker == _END or length < 2 or position + length > len(data):
        raise DecodeError("the JPEG stream is truncated: it ends before the first scan")
    return marker, data[position + 2 : position + length], position + length


def _is_wanted(marker: int, segment: bytes) -> bool:
    prefixes = {_APP0: b"JFIF\0", _APP1: b"Exif\0", _APP14: b"Adobe"}
    return marker in prefixes and segment.startswith(prefixes[marker])


def _header(marker: int, segment: bytes, app: dict[int, bytes]) -> JpegHeader:
    if len(segment) < 6:
        raise DecodeError("the frame header of the JPEG stream is too short")
    rows, columns = int.from_bytes(segment[1:3], "big"), int.from_bytes(segment[3:5], "big")
    if rows == 0 or columns == 0:
        raise DecodeError(f"the JPEG stream names {rows} x {columns} pixels; expected at least 1 x 1")
    adobe = app.get(_APP14, b"")
    return JpegHeader(
        rows=rows,
        columns=columns,
        components=segment[5],
        precision=segment[0],
        lossless=marker in _LOSSLESS,
        jpeg_ls=marker == _JPEG_LS,
        jfif=_APP0 in app,
        adobe_transform=adobe[11] if len(adobe) > 11 else None,
        exif=app[_APP1][6:] if _APP1 in app else None,
    )


def _check_scans(data: bytes, position: int, *, limits: Limits) -> None:
    """Within scans a 0xFF is followed by 0x00 or a marker, so these two byte pairs are markers and nothing else."""
    if data.rfind(b"\xff\xd9", position) < 0:
        raise DecodeError("the JPEG stream is truncated: its end-of-image marker is missing")
    scans = 1 + data.count(b"\xff\xda", position)
    if scans > limits.max_jpeg_scans:
        raise LimitError(f"the JPEG stream holds {scans} scans, over the limit of {limits.max_jpeg_scans}")

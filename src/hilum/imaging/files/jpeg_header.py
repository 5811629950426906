"""What a JPEG or JPEG-LS stream says of itself before any pixel is decoded (ITU-T T.81 annex B, T.87 annex C)."""

from __future__ import annotations

from dataclasses import dataclass

from hilum.errors import DecodeError, LimitError
from hilum.imaging.pixels.limits import Limits, check_pixels

_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
_LOSSLESS = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
_SCAN, _END, _APP0, _APP1, _APP14, _JPEG_LS = 0xDA, 0xD9, 0xE0, 0xE1, 0xEE, 0xF7
_COEFFICIENTS = 64


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """Size, depth and colour of a JPEG stream.

    `adobe_transform` is the Adobe marker's colour transform (0 none, 1 YCbCr, 2 YCCK), or None without that marker.
    `exif` is the TIFF structure of the EXIF block, or None. `stray_bytes` counts what stands between markers and
    belongs to none. `ended` says that an end-of-image marker follows the scans; without one, `jpeg_stream` finds out
    whether the pixels are all there.
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
    stray_bytes: int = 0
    ended: bool = True


@dataclass(frozen=True, slots=True)
class _Segment:
    """A marker with its payload, where the stream goes on, and how many bytes before it belong to no marker."""

    marker: int
    payload: bytes
    end: int
    stray: int


def read_jpeg_header(data: bytes, *, limits: Limits) -> JpegHeader:
    """Walk the markers up to the first scan, over stray bytes and empty segments as libjpeg does.

    Raises `DecodeError` where the stream is malformed, has no frame, or lacks both its end and a scan; `LimitError`
    where it names too many pixels or holds more scans than `limits` allow.
    """
    frame: tuple[int, bytes] | None = None
    app: dict[int, bytes] = {}
    position, stray = 2, 0
    while True:
        segment = _next_segment(data, position)
        stray += segment.stray
        if segment.marker == _SCAN:
            break
        position = segment.end
        if segment.marker in _FRAMES and frame is None:
            frame = segment.marker, segment.payload
        elif _is_wanted(segment.marker, segment.payload):
            app.setdefault(segment.marker, segment.payload)
    if frame is None:
        raise DecodeError("the JPEG stream has no frame header")
    ended = data.rfind(b"\xff\xd9", segment.end) >= 0
    header = _header(*frame, app, stray=stray, ended=ended)
    check_pixels(header.rows, header.columns, limits=limits)
    _check_scans(data, segment.end, limits=limits)
    if not ended:
        _check_began(data, position, frame=frame[1], header=header)
    return header


def _next_segment(data: bytes, position: int) -> _Segment:
    """The next marker with a length; a length below 2 is an empty segment, as libjpeg has it."""
    stray = 0
    while True:
        start = data.find(b"\xff", position)
        if start < 0:
            raise DecodeError("the JPEG stream is truncated or corrupt: a marker is missing before the first scan")
        stray += start - position
        while data[start : start + 1] == b"\xff":
            start += 1
        if start + 3 > len(data):
            raise DecodeError("the JPEG stream is truncated: it ends before the first scan")
        marker, position = data[start], start + 1
        if marker == 0:  # no marker, but a byte 0xFF with its stuffing
            stray += 2
        elif marker not in _STANDALONE:
            break
    length = int.from_bytes(data[position : position + 2], "big")
    if marker == _END or position + length > len(data):
        raise DecodeError("the JPEG stream is truncated: it ends before the first scan")
    end = position + max(2, length)
    return _Segment(marker, data[position + 2 : end], end, stray)


def _is_wanted(marker: int, segment: bytes) -> bool:
    prefixes = {_APP0: b"JFIF\0", _APP1: b"Exif\0", _APP14: b"Adobe"}
    return marker in prefixes and segment.startswith(prefixes[marker])


def _header(marker: int, segment: bytes, app: dict[int, bytes], *, stray: int, ended: bool) -> JpegHeader:
    if len(segment) < 6:
        raise DecodeError("the frame header of the JPEG stream is too short")
    rows, columns = int.from_bytes(segment[1:3], "big"), int.from_bytes(segment[3:5], "big")
    if rows == 0 or columns == 0:
        raise DecodeError(f"the JPEG stream names {rows} x {columns} pixels: there is no picture in it")
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
        stray_bytes=stray,
        ended=ended,
    )


def _check_scans(data: bytes, position: int, *, limits: Limits) -> None:
    """Within scans a 0xFF is followed by 0x00 or a marker, so this byte pair is a marker and nothing else."""
    scans = 1 + data.count(b"\xff\xda", position)
    if scans > limits.max_jpeg_scans:
        raise LimitError(f"the JPEG stream holds {scans} scans, over the limit of {limits.max_jpeg_scans}")


def _check_began(data: bytes, position: int, *, frame: bytes, header: JpegHeader) -> None:
    """Raise where the scans that are there do not cover every component, coefficient and bit (T.81 B.2.3, G.1.1.1).

    Without an end marker, a stream cut between two scans looks whole to a decoder, which shows what came so far. Of
    JPEG-LS, whose decoder wants the end marker, none is let through.
    """
    lossless = header.lossless
    components = {frame[6 + 3 * index] for index in range(frame[5]) if 6 + 3 * index < len(frame)}
    lacking = {(one, k) for one in components for k in range(1 if lossless else _COEFFICIENTS)}
    while (position := data.find(b"\xff\xda", position)) >= 0:
        count = data[position + 4] if position + 4 < len(data) else 0
        tail = data[position + 5 + 2 * count : position + 8 + 2 * count]
        if len(tail) == 3:
            first, last, low_bit = (0, 0, 0) if lossless else (tail[0], tail[1], tail[2] & 15)
            if low_bit == 0:
                ids = data[position + 5 : position + 5 + 2 * count : 2]
                lacking -= {(one, k) for one in ids for k in range(first, last + 1)}
        position += 2
    if lacking or header.jpeg_ls:
        raise DecodeError("the JPEG stream is truncated: scans are missing, and so is its end-of-image marker")

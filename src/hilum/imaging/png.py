"""PNG to grey: 1 to 16 bits, palettes, transparency, animation."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import imagecodecs

from hilum.errors import DecodeError
from hilum.imaging.frames import choose_frame
from hilum.imaging.grey import DecodedPicture, Picture, Samples, few_levels_warning, to_grey
from hilum.imaging.limits import Limits, check_pixels
from hilum.imaging.tiff_tags import exif_orientation
from hilum.radiograph import TrailStep


@dataclass(frozen=True, slots=True)
class _PngHeader:
    rows: int
    columns: int
    bits: int
    palette: bool
    frames: int
    exif: bytes | None


def decode_png(data: bytes, *, frame: int | None, limits: Limits) -> DecodedPicture:
    """A PNG picture as grey: 1 to 16 bits, palette, transparency; an animated one needs a named frame."""
    header = _read_png_chunks(data)
    check_pixels(header.rows, header.columns, limits=limits)
    chosen = choose_frame(frame, count=header.frames)
    if header.frames > 1:
        samples: Samples = imagecodecs.apng_decode(data, index=chosen - 1)
    else:
        samples = imagecodecs.png_decode(data)
    bits = 8 * samples.dtype.itemsize  # the codec expands 1, 2 and 4 bits and palettes to 8, exactly
    channels = samples.shape[2] if samples.ndim == 3 else 1
    picture = Picture(
        samples[..., 0] if samples.ndim == 3 and channels == 1 else samples,
        bits=bits,
        colour="grey" if channels < 3 else "rgb",
        alpha="straight" if channels in (2, 4) else "none",
        orientation=exif_orientation(header.exif),
    )
    palette = ", palette looked up" if header.palette else ""
    frames = f", frame {chosen} of {header.frames}" if header.frames > 1 else ""
    pixels, steps = to_grey(picture)
    step = TrailStep("decode", f"PNG, {header.bits} bit{palette}{frames}")
    return DecodedPicture(pixels, (step, *steps), few_levels_warning(samples, bits=bits))


def _read_png_chunks(data: bytes) -> _PngHeader:
    """Walk all chunks (PNG specification, section 5); raises `DecodeError` where the file ends too early."""
    chunks: dict[bytes, bytes] = {}
    position = 8
    while b"IEND" not in chunks:
        if position + 12 > len(data):
            raise DecodeError("the PNG file is truncated: it ends before its end chunk")
        length = int.from_bytes(data[position : position + 4], "big")
        name = data[position + 4 : position + 8]
        content = data[position + 8 : position + 8 + length] if name in (b"IHDR", b"acTL", b"eXIf") else b""
        chunks.setdefault(name, content)
        position += 12 + length
    if len(chunks.get(b"IHDR", b"")) != 13:
        raise DecodeError("the PNG file has no header chunk")
    columns, rows, bits, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    if rows == 0 or columns == 0:
        raise DecodeError(f"the PNG header names {rows} x {columns} pixels; expected at least 1 x 1")
    animation = chunks.get(b"acTL", b"")
    frames = max(1, int.from_bytes(animation[:4], "big")) if len(animation) == 8 else 1
    return _PngHeader(rows, columns, bits, kind == 3, frames, chunks.get(b"eXIf"))

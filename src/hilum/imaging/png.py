"""PNG to grey: 1 to 16 bits, palettes, transparency, animation."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import imagecodecs
from PIL import PngImagePlugin

from hilum.errors import DecodeError
from hilum.imaging.frames import choose_frame
from hilum.imaging.grey import DecodedPicture, Picture, Samples, to_grey
from hilum.imaging.limits import Limits, check_pixels
from hilum.imaging.raster import from_pillow
from hilum.imaging.tiff_tags import exif_orientation
from hilum.radiograph import TrailStep

_MAX_FRAMES = 2**31
"""The largest count that the format allows; it also keeps Pillow from warning."""


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
    orientation = exif_orientation(header.exif)
    if header.frames > 1:  # Pillow lays the frames, which may hold only what changes, over each other
        with PngImagePlugin.PngImageFile(io.BytesIO(data)) as image:
            image.seek(chosen - 1)
            return from_pillow(image, what=f"PNG, frame {chosen} of {header.frames}", orientation=orientation)
    samples: Samples = imagecodecs.png_decode(data)
    bits = 8 * samples.dtype.itemsize  # the codec expands 1, 2 and 4 bits and palettes to 8, exactly
    channels = samples.shape[2] if samples.ndim == 3 else 1
    picture = Picture(
        samples[..., 0] if samples.ndim == 3 and channels == 1 else samples,
        bits=bits,
        colour="grey" if channels < 3 else "rgb",
        alpha="straight" if channels in (2, 4) else "none",
    )
    pixels, steps = to_grey(picture)
    step = TrailStep("decode", f"PNG, {header.bits} bit{', palette looked up' if header.palette else ''}")
    return DecodedPicture.tagged(pixels, (step, *steps), orientation=orientation)


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
        if name == b"acTL" and name in chunks:
            raise DecodeError("the PNG file is corrupt: it holds two animation headers")
        chunks.setdefault(name, content)
        position += 12 + length
    if len(chunks.get(b"IHDR", b"")) != 13:
        raise DecodeError("the PNG file has no header chunk")
    columns, rows, bits, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    if rows == 0 or columns == 0:
        raise DecodeError(f"the PNG header names {rows} x {columns} pixels; expected at least 1 x 1")
    frames = int.from_bytes(chunks.get(b"acTL", bytes(8))[:4], "big") or 1
    if frames > _MAX_FRAMES:
        raise DecodeError(f"the PNG file is corrupt: it names {frames} frames")
    return _PngHeader(rows, columns, bits, kind == 3, frames, chunks.get(b"eXIf"))

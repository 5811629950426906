"""PNG to grey: 1 to 16 bits, palettes, transparency, animation."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

import imagecodecs
from PIL import PngImagePlugin

from hilum.errors import DecodeError
from hilum.imaging.files.raster import from_pillow
from hilum.imaging.files.tiff_tags import exif_orientation
from hilum.imaging.pixels.frames import choose_frame
from hilum.imaging.pixels.grey import DecodedPicture, Picture, Samples, to_grey
from hilum.imaging.pixels.limits import Limits, check_pixels
from hilum.radiograph import TrailStep

_MAX_FRAMES = 2**31
"""The largest count that the format allows; it also keeps Pillow from warning."""


_TEXTS = (b"zTXt", b"tEXt")
_WANTED = frozenset({b"IHDR", b"acTL", b"eXIf", *_TEXTS})
_RAW_PROFILES = (b"Raw profile type exif\0", b"Raw profile type APP1\0")
"""How ImageMagick keeps EXIF in PNG, which had no chunk for it before 2017."""

_MAX_PROFILE = 2 * 65_536 + 4096
"""An EXIF block has at most 65,535 bytes, in JPEG, where it comes from; each is two digits."""


@dataclass(frozen=True, slots=True)
class _PngHeader:
    rows: int
    columns: int
    bits: int
    palette: bool
    frames: int
    exif: bytes | None
    raw_profile: bytes | None


def decode_png(data: bytes, *, frame: int | None, limits: Limits) -> DecodedPicture:
    """A PNG picture as grey: 1 to 16 bits, palette, transparency; an animated one needs a named frame."""
    header = _read_png_chunks(data)
    check_pixels(header.rows, header.columns, limits=limits)
    chosen = choose_frame(frame, count=header.frames)
    orientation = exif_orientation(header.exif or header.raw_profile)
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
        content = data[position + 8 : position + 8 + length] if name in _WANTED else b""
        if name == b"acTL" and name in chunks:
            raise DecodeError("the PNG file is corrupt: it holds two animation headers")
        if name not in _TEXTS or content.startswith(_RAW_PROFILES):
            chunks.setdefault(name, content)
        position += 12 + length
    if len(chunks.get(b"IHDR", b"")) != 13:
        raise DecodeError("the PNG file has no header chunk")
    columns, rows, bits, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    if rows == 0 or columns == 0:
        raise DecodeError(f"the PNG header names {rows} x {columns} pixels: there is no picture in it")
    frames = int.from_bytes(chunks.get(b"acTL", bytes(8))[:4], "big") or 1
    if frames > _MAX_FRAMES:
        raise DecodeError(f"the PNG file is corrupt: it names {frames} frames")
    profile = next((_raw_profile(chunks[name], name=name) for name in _TEXTS if name in chunks), None)
    return _PngHeader(rows, columns, bits, kind == 3, frames, chunks.get(b"eXIf"), profile)


def _raw_profile(content: bytes, *, name: bytes) -> bytes | None:
    """The EXIF block of a text chunk as ImageMagick writes it: a name, a length and hexadecimal digits, in lines.

    What is malformed, or larger than an EXIF block can be, is no EXIF block.
    """
    text = content.partition(b"\0")[2]
    try:
        if name == b"zTXt":
            text = zlib.decompressobj().decompress(text[1:], _MAX_PROFILE)
        digits = b"".join(text.split()[2:])
        return bytes.fromhex(digits.decode("ascii")).removeprefix(b"Exif\0\0")
    except (ValueError, zlib.error):
        return None

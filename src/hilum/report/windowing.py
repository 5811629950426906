"""From a radiograph's pixels to the grey of a picture: size, window and the PNG that carries it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.geometry import Geometry
from hilum.radiograph import Pixels

LONGEST_SIDE = 2048
"""Pictures are drawn at native size up to this many pixels on the longer side, and shrunk above it."""

THUMBNAIL_SIDE = 96


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """`pixels` float32 (h, w) in [0, 1] at the size of a report; `geometry` maps native pixels to its pixels."""

    pixels: Pixels
    geometry: Geometry


def fit(pixels: Pixels, *, longest_side: int = LONGEST_SIDE) -> Picture:
    """The radiograph (H, W) at native size, or shrunk (area-aware, aspect kept) to `longest_side` pixels."""
    rows, columns = pixels.shape
    ratio = min(1.0, longest_side / max(rows, columns))
    if ratio == 1.0:
        return Picture(pixels, Geometry.identity())
    height, width = max(1, round(rows * ratio)), max(1, round(columns * ratio))
    image = Image.fromarray(np.ascontiguousarray(pixels)).resize((width, height), Image.Resampling.HAMMING)
    shrunk = np.clip(np.asarray(image, np.float32), 0.0, 1.0)
    return Picture(shrunk, Geometry(width / columns, height / rows, 0.0, 0.0))


def thumbnail_png(pixels: Pixels, *, longest_side: int = THUMBNAIL_SIDE) -> bytes:
    """The radiograph (H, W) in [0, 1] as a grey PNG of at most `longest_side` pixels, aspect kept, for lists."""
    return encode_png(to_grey8(fit(pixels, longest_side=longest_side).pixels))


def to_grey8(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """Pixels in [0, 1], of any shape, as 0 to 255."""
    return np.asarray(np.rint(pixels * np.float32(255)), np.uint8)


def has_8_bits(pixels: Pixels) -> bool:
    """Whether every pixel is a multiple of 1/255, so that eight bits lose nothing."""
    levels = pixels * np.float32(255)
    return bool(np.abs(levels - np.rint(levels)).max() < 1e-3)


@dataclass(frozen=True, slots=True)
class GreyPlanes:
    """A PNG that carries grey for windowing on the page; `planes` is 1 (eight bits) or 2 (twelve bits).

    With two planes the picture is twice as high: the upper half holds the high eight bits, so that it is also the
    plain picture, the lower half the low four bits in its upper nibble.
    """

    png: bytes
    planes: int
    rows: int
    columns: int


def grey_planes(pixels: Pixels) -> GreyPlanes:
    """Pixels (h, w) in [0, 1] as eight bits where that loses nothing, else as twelve."""
    rows, columns = pixels.shape
    if has_8_bits(pixels):
        return GreyPlanes(encode_png(to_grey8(pixels)), 1, rows, columns)
    levels = np.rint(pixels * np.float32(4095)).astype(np.uint16)
    stacked = np.concatenate([(levels >> 4).astype(np.uint8), ((levels & 15) << 4).astype(np.uint8)])
    return GreyPlanes(encode_png(stacked), 2, rows, columns)


def encode_png(picture: npt.NDArray[np.uint8]) -> bytes:
    """uint8 (H, W) grey or (H, W, 3) sRGB as PNG; the same picture gives the same bytes.

    Run-length matching suits filtered grain: half the time of Pillow's default on a radiograph, and no larger.
    """
    stream = BytesIO()
    Image.fromarray(picture).save(stream, "PNG", compress_level=1, compress_type=zlib.Z_RLE)
    return stream.getvalue()

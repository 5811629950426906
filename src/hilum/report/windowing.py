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

LOSSLESS_PIXELS = 512 * 512
"""Up to so many pixels a page carries the picture to the bit; more become JPEG."""

_QUALITY_OF_ONE = 93
_QUALITY_OF_TWO = 82
_STEP, _ZERO = 4, 128
_JPEG_BLOCK = 16


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
    levels = pixels * np.float32(255)
    return np.asarray(np.rint(levels, out=levels), np.uint8)


def has_8_bits(pixels: Pixels) -> bool:
    """Whether every pixel is a multiple of 1/255, so that eight bits lose nothing."""
    levels = pixels * np.float32(255)
    levels -= np.rint(levels)
    return bool(max(levels.max(), -levels.min()) < 1e-3)


@dataclass(frozen=True, slots=True)
class GreyPlanes:
    """A picture that carries grey for windowing on the page; `planes` is 1 (eight bits) or 2 (up to twelve bits).

    The first plane, the upper `rows` of the picture, is also the plain picture: 0 to 255. With two planes the picture
    is twice as high, and what stands `plane_rows` below adds `step * (value - zero)` to sixteen times the upper value:
    levels from 0 to 4095. `mime` is `image/png`, which loses nothing, or `image/jpeg`.
    """

    data: bytes
    mime: str
    planes: int
    rows: int
    columns: int
    plane_rows: int
    step: float = 1 / 16
    zero: int = 0


def grey_planes(pixels: Pixels) -> GreyPlanes:
    """Pixels (h, w) in [0, 1] as eight bits where that loses nothing, else as more.

    Small pictures are kept to the bit, as PNG. Larger ones become JPEG, ten times faster to make and smaller: within
    one grey level of 255 on average. Of more than eight bits the second plane carries what the first one lost,
    in steps of a quarter of such a level, so that narrow windows stay smooth.
    """
    rows, columns = pixels.shape
    eight = has_8_bits(pixels)
    if rows * columns > LOSSLESS_PIXELS:
        return _eight_bits_jpeg(pixels) if eight else _more_bits_jpeg(pixels)
    if eight:
        return GreyPlanes(encode_png(to_grey8(pixels)), "image/png", 1, rows, columns, rows)
    levels = np.rint(pixels * np.float32(4095)).astype(np.uint16)
    stacked = np.concatenate([(levels >> 4).astype(np.uint8), ((levels & 15) << 4).astype(np.uint8)])
    return GreyPlanes(encode_png(stacked), "image/png", 2, rows, columns, rows)


def _eight_bits_jpeg(pixels: Pixels) -> GreyPlanes:
    rows, columns = pixels.shape
    data = encode_jpeg(Image.fromarray(to_grey8(pixels)), quality=_QUALITY_OF_ONE)
    return GreyPlanes(data, "image/jpeg", 1, rows, columns, rows)


def _more_bits_jpeg(pixels: Pixels) -> GreyPlanes:
    """Blocks of JPEG are coded apart, so that the upper plane reads the same alone and above the lower one."""
    rows, columns = pixels.shape
    plane_rows = rows + -rows % _JPEG_BLOCK
    levels = np.pad(np.rint(pixels * np.float32(4095)).astype(np.int16), ((0, plane_rows - rows), (0, 0)), mode="edge")
    upper = np.asarray(levels >> 4, np.uint8)
    seen = np.asarray(Image.open(BytesIO(encode_jpeg(Image.fromarray(upper), quality=_QUALITY_OF_TWO))), np.int16)
    rest = np.rint((levels - (seen << 4)) / np.float32(_STEP))
    lower = np.clip(rest + _ZERO, 0, 255).astype(np.uint8)
    data = encode_jpeg(Image.fromarray(np.concatenate([upper, lower])), quality=_QUALITY_OF_TWO)
    return GreyPlanes(data, "image/jpeg", 2, rows, columns, plane_rows, step=_STEP, zero=_ZERO)


def encode_jpeg(picture: Image.Image, *, quality: int) -> bytes:
    """Grey or sRGB as JPEG with colours at full size; the same picture gives the same bytes."""
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=quality, subsampling=0)
    return stream.getvalue()


def encode_png(picture: npt.NDArray[np.uint8]) -> bytes:
    """uint8 (H, W) grey or (H, W, 3) sRGB as PNG; the same picture gives the same bytes.

    Run-length matching suits filtered grain: half the time of Pillow's default on a radiograph, and no larger.
    """
    stream = BytesIO()
    Image.fromarray(picture).save(stream, "PNG", compress_level=1, compress_type=zlib.Z_RLE)
    return stream.getvalue()

"""Pixels that are in memory already, as an array or as Pillow's image, to a `Radiograph`."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.errors import DecodeError, RefusedImageError, UsageError
from hilum.imaging.decode import errors_named
from hilum.imaging.files.raster import from_pillow
from hilum.imaging.pixels.frames import choose_frame
from hilum.imaging.pixels.grey import DecodedPicture, Picture, to_grey
from hilum.imaging.pixels.limits import DEFAULT_LIMITS, Limits, check_pixels
from hilum.imaging.pixels.shown import as_shown
from hilum.radiograph import Pixels, Radiograph, Source, TrailStep

ValueRange = tuple[float, float]
"""The values of an array that are black and white, in this order; (4095, 0) is a negative of 12 bits."""

AnyArray = npt.NDArray[np.generic]

_EXIF_ORIENTATION = 0x0112


def decode_array(
    array: AnyArray,
    *,
    name: str,
    value_range: ValueRange | None = None,
    frame: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Radiograph:
    """An array (H, W) of grey, upright, or uint8 (H, W, 3 or 4) of red, green, blue and alpha.

    `value_range` says which values are black and white; it may be left out for uint8 alone, which is then 0 to 255. It
    is never guessed: 12 bits in uint16 look black by the range of their type. The source's SHA-256 is that of the
    array's bytes in C order. Raises `UsageError` where the range is missing or senseless, `DecodeError` where a value
    lies outside it or is no number, `RefusedImageError` for any other shape or type, and `LimitError`.
    """
    with errors_named(name):
        choose_frame(frame, count=1)
        if array.ndim not in (2, 3) or array.size == 0:
            raise RefusedImageError(
                f"an array must hold one radiograph (rows, columns), but its shape is {array.shape}. Give several "
                "radiographs one by one, as a list"
            )
        check_pixels(*array.shape[:2], limits=limits)
        if array.ndim == 3 and value_range is not None:
            raise UsageError("value_range is for grey arrays; colours are uint8, 0 to 255")
        picture = _in_colour(array) if array.ndim == 3 else _grey(array, value_range=value_range)
        return _radiograph(picture, name=name, data=array.tobytes(), format_="ARRAY", frame=frame, limits=limits)


def decode_pillow(
    image: Image.Image,
    *,
    name: str,
    value_range: ValueRange | None = None,
    frame: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Radiograph:
    """Pillow's image at the frame where it stands, turned upright where its EXIF data say so.

    Images of eight bits a channel are read like files of such pixels. Those of more bits (modes `I`, `I;16` and `F`)
    need the `value_range` of `decode_array`. The source's SHA-256 is that of the array that numpy makes of the image.
    Raises what `decode_array` raises.
    """
    with errors_named(name):
        choose_frame(frame, count=1)
        check_pixels(image.height, image.width, limits=limits)
        if value_range is not None or image.mode in ("F", "I") or image.mode.startswith("I;16"):
            picture = _grey(np.asarray(image), value_range=value_range)
        else:
            picture = from_pillow(image, what="Pillow image", orientation=_orientation(image))
        data = np.asarray(image).tobytes()
        return _radiograph(picture, name=name, data=data, format_="PILLOW", frame=frame, limits=limits)


def _radiograph(
    picture: DecodedPicture, *, name: str, data: bytes, format_: str, frame: int | None, limits: Limits
) -> Radiograph:
    shown = as_shown(picture, limits=limits)
    rows, columns = shown.pixels.shape
    source = Source(name, hashlib.sha256(data).hexdigest(), format_, rows, columns, frame=frame, stored=shown.stored)
    return Radiograph(np.ascontiguousarray(shown.pixels), source, trail=shown.trail, warnings=shown.warnings)


def _in_colour(array: AnyArray) -> DecodedPicture:
    if array.dtype != np.uint8 or array.shape[2] not in (3, 4):
        raise RefusedImageError(
            f"colours must be uint8 (rows, columns, 3 or 4), but this array is {array.dtype} {array.shape}. Give one "
            "grey plane, such as array[..., 0]"
        )
    with_alpha = array.shape[2] == 4
    pixels, steps = to_grey(Picture(array, bits=8, colour="rgb", alpha="straight" if with_alpha else "none"))
    return DecodedPicture(pixels, (TrailStep("decode", "array of uint8, in colour"), *steps))


def _grey(array: AnyArray, *, value_range: ValueRange | None) -> DecodedPicture:
    if array.ndim != 2:
        raise UsageError("value_range is for grey images. Convert this one to grey first")
    if not (np.issubdtype(array.dtype, np.integer) or np.issubdtype(array.dtype, np.floating)):
        raise RefusedImageError(f"an array must hold numbers, not {array.dtype}. Convert it, such as with astype")
    black, white = _checked_range(value_range, array=array)
    lowest, highest = float(array.min()), float(array.max())
    if not (math.isfinite(lowest) and math.isfinite(highest)):
        raise DecodeError("the array holds NaN or infinite values. Replace them")
    if lowest < min(black, white) or highest > max(black, white):
        raise DecodeError(
            f"the array holds values from {lowest:g} to {highest:g}, outside value_range=({black:g}, {white:g}). "
            "State the range that they have, or clip them yourself"
        )
    steps = [
        TrailStep("decode", f"array of {array.dtype}"),
        TrailStep("range", f"stated range: {black:g} is black, {white:g} is white"),
    ]
    return DecodedPicture(_between(array, black=black, white=white), tuple(steps))


def _between(array: AnyArray, *, black: float, white: float) -> Pixels:
    if array.dtype == np.uint8 and (black, white) == (0.0, 255.0):  # as a file of eight bits is read, bit for bit
        return np.asarray(np.divide(array, np.float32(255), dtype=np.float32))
    share = (array.astype(np.float64) - black) / (white - black)
    return np.asarray(np.clip(share, 0.0, 1.0), np.float32)


def _checked_range(value_range: ValueRange | None, *, array: AnyArray) -> ValueRange:
    if value_range is None:
        if array.dtype == np.uint8:
            return 0.0, 255.0
        raise UsageError(
            f"an array of {array.dtype} does not say which values are black and white. State them, such as "
            "value_range=(0, 4095)"
        )
    try:
        black, white = map(float, value_range)
    except (TypeError, ValueError):
        raise UsageError(f"value_range must be two numbers (black, white), not {value_range!r}") from None
    if not (math.isfinite(black) and math.isfinite(white)) or black == white:
        raise UsageError(f"value_range must be two different numbers (black, white), not {value_range!r}")
    return black, white


def _orientation(image: Image.Image) -> int:
    """EXIF's number 1 to 8; 1 where there is none that makes sense."""
    number = image.getexif().get(_EXIF_ORIENTATION, 1)
    return number if isinstance(number, int) and 1 <= number <= 8 else 1

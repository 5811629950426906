"""The annotated lungs of a record as masks: each side where somebody drew it, and the union where both were drawn.

The heart is a mask of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.datasets.records.masks import read_mask
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.imaging.decode import decode, read_file

RIGHT_VALUE, LEFT_VALUE = 255, 128
"""Grey values of the patient's right and left lung in a mask with sides, as in `lungs/` and as hilum writes them."""

_WITH_SIDES = ("lungs", "wingspan")
"""The sources whose one mask of lungs tells the sides by these values."""

_ORIENTATION = 0x0112
_PLAIN = ("JPEG", "PNG")
"""What decoding turns only where EXIF says so."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class LungTruth:
    """Masks bool (H, W), or None where nobody drew that; `right` is the patient's right.

    A mask with sides that holds one lung only leaves the other unknown, not absent: in `lungs/` both such chests show
    two lungs.
    """

    right: Mask | None
    left: Mask | None
    union: Mask | None


def read_lung_truth(record: Record, *, shape: tuple[int, int]) -> LungTruth:
    """The masks of a record, whose picture has `shape` (rows, columns).

    Raises `DataError` where a mask is missing, cannot be read, is empty or has another size.
    """
    if "lungs" in record.masks:
        grey = read_mask(record.masks["lungs"], shape=shape)
        return _with_sides(grey) if record.source in _WITH_SIDES else LungTruth(None, None, grey > 0)
    if {"left lung", "right lung"} <= set(record.masks):
        right, left = (read_mask(record.masks[f"{side} lung"], shape=shape) > 0 for side in ("right", "left"))
        return LungTruth(right, left, right | left)
    raise DataError(f"expected a mask of both lungs for {record.image}, came {sorted(record.masks) or 'none'}")


def read_heart_truth(record: Record, *, shape: tuple[int, int]) -> Mask | None:
    """The mask of the heart, bool (H, W), of a record whose picture has `shape`; None where nobody drew it.

    Raises `DataError` where the mask is missing, cannot be read, is empty or has another size.
    """
    path = record.masks.get("heart")
    return None if path is None else read_mask(path, shape=shape, of="heart") > 0


def shape_of(record: Record) -> tuple[int, int]:
    """Rows and columns of a record's picture as it is decoded; from a plain file's header, where that suffices.

    Raises what decoding raises.
    """
    try:
        with Image.open(record.path) as image:
            if not image.getexif().get(_ORIENTATION) and image.format in _PLAIN:
                return image.height, image.width
    except OSError:
        pass  # decoding says what is wrong
    pixels = decode(read_file(record.path), name=record.image).pixels
    return pixels.shape[0], pixels.shape[1]


def _with_sides(grey: npt.NDArray[np.uint8]) -> LungTruth:
    right, left = grey == RIGHT_VALUE, grey == LEFT_VALUE
    has_right, has_left = bool(right.any()), bool(left.any())
    return LungTruth(
        right if has_right else None, left if has_left else None, right | left if has_right and has_left else None
    )

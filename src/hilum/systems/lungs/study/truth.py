"""The annotated lungs of a record as masks: each side where somebody drew it, and the union where both were drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.imaging.decode import decode, read_file

RIGHT_VALUE, LEFT_VALUE = 255, 128
"""Grey values of the patient's right and left lung in a mask with sides, as in `lungs/` and as hilum writes them."""

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
        grey = _read(record.masks["lungs"], shape=shape)
        return _with_sides(grey) if record.source == "lungs" else LungTruth(None, None, grey > 0)
    if {"left lung", "right lung"} <= set(record.masks):
        right, left = (_read(record.masks[f"{side} lung"], shape=shape) > 0 for side in ("right", "left"))
        return LungTruth(right, left, right | left)
    raise DataError(f"expected a mask of both lungs for {record.image}, came {sorted(record.masks) or 'none'}")


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


def _read(path: Path, *, shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
    try:
        with Image.open(path) as image:
            grey = np.asarray(image.convert("L"))
    except OSError as error:
        raise DataError(f"expected a mask at {path}, came {error}; copy the release again") from error
    if grey.shape != shape:
        raise DataError(
            f"expected a mask of {shape[0]} x {shape[1]} pixels at {path}, came {grey.shape}; copy it again"
        )
    if not grey.any():
        raise DataError(f"expected a lung in the mask {path}, came none; leave the picture out")
    return grey

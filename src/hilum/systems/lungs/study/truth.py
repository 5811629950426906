"""The annotated chest of a record as masks: each side of its lungs where somebody drew it, their union, the heart.

Of the two definitions of a lung (the field beside the heart, the whole lung behind it too) a record has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.bundle.lung_spec import LUNG_SIDES, Structure
from hilum.datasets.records.masks import read_mask
from hilum.datasets.records.picture_shape import shape_of
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.reading_result import LungDefinition

RIGHT_VALUE, LEFT_VALUE = 255, 128
"""Grey values of the patient's right and left lung in a mask with sides, as in `lungs/` and as hilum writes them."""

_WITH_SIDES = ("lungs", "wingspan")
"""The sources whose one mask of lungs tells the sides by these values."""

UNKNOWN = 255
"""What stands in a target where the picture's mask does not say."""

Mask = npt.NDArray[np.bool_]

Union = Literal["fields", "lungs"]
UNIONS: Mapping[LungDefinition, Union] = {"field": "fields", "whole": "lungs"}
"""What both sides of a definition are called together: all that some releases draw."""

TRUTHS: tuple[Structure | Union, ...] = (
    "right field",
    "left field",
    "fields",
    "right lung",
    "left lung",
    "lungs",
    "heart",
)
"""Everything that a mask can show, in the order of a target's planes."""


@dataclass(frozen=True, slots=True, eq=False)
class LungTruth:
    """Masks bool (H, W), or None where nobody drew that; `right` is the patient's right.

    A mask with sides that holds one lung only leaves the other unknown, not absent: in `lungs/` both such chests show
    two lungs. `definition` says what is drawn as a lung.
    """

    definition: LungDefinition
    right: Mask | None
    left: Mask | None
    union: Mask | None
    heart: Mask | None = None

    def drawn(self) -> dict[Structure | Union, Mask | None]:
        """Each of `TRUTHS` that could have been drawn under this definition."""
        right, left = LUNG_SIDES[self.definition]
        return {right: self.right, left: self.left, UNIONS[self.definition]: self.union, "heart": self.heart}


def says_what_lungs_are(record: Record) -> bool:
    """Whether the masks of a record tell what they show, so that `read_lung_truth` can read them."""
    return bool(record.masks) and (record.lung_definition is not None or "heart" in record.masks)


def read_lung_truth(record: Record, *, shape: tuple[int, int]) -> LungTruth:
    """The masks of a record, whose picture has `shape` (rows, columns).

    Where the adapter could tell no definition since the lungs are drawn over the heart, the heart is taken out of
    them: what is left are fields. Raises `DataError` where a mask is missing, cannot be read, is empty or has another
    size, and where nothing tells what the lungs show.
    """
    if not says_what_lungs_are(record):
        raise DataError(
            f"Nothing tells whether the lungs of {record.image} are lung fields or whole lungs. Copy the heart's masks "
            "beside them, or leave the image out"
        )
    heart = read_heart_truth(record, shape=shape)
    right, left, union = _lungs(record, shape=shape)
    if record.lung_definition is None and heart is not None:
        right, left, union = (None if mask is None else mask & ~heart for mask in (right, left, union))
    return LungTruth(record.lung_definition or "field", right, left, union, heart)


def _lungs(record: Record, *, shape: tuple[int, int]) -> tuple[Mask | None, Mask | None, Mask | None]:
    if "lungs" in record.masks:
        grey = read_mask(record.masks["lungs"], shape=shape)
        return _with_sides(grey) if record.source in _WITH_SIDES else (None, None, grey > 0)
    if {"left lung", "right lung"} <= set(record.masks):
        right, left = (read_mask(record.masks[f"{side} lung"], shape=shape) > 0 for side in ("right", "left"))
        return right, left, right | left
    raise DataError(f"{record.image} lacks a mask of both lungs; masks found: {sorted(record.masks) or 'none'}")


def read_heart_truth(record: Record, *, shape: tuple[int, int]) -> Mask | None:
    """The mask of the heart, bool (H, W), of a record whose picture has `shape`; None where nobody drew it.

    Raises `DataError` where the mask is missing, cannot be read, is empty or has another size.
    """
    path = record.masks.get("heart")
    return None if path is None else read_mask(path, shape=shape, of="heart") > 0


def read_targets(record: Record, *, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Uint8 (7, H, W) of `size`, in the order of `TRUTHS`: 1, 0, or `UNKNOWN` in planes that nobody drew.

    Raises what `read_lung_truth` does.
    """
    drawn = read_lung_truth(record, shape=shape_of(record)).drawn()
    return np.stack([_resized(drawn.get(name), size=size) for name in TRUTHS])


def _resized(plane: Mask | None, *, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    if plane is None:
        return np.full(size, UNKNOWN, np.uint8)
    image = Image.fromarray(plane.astype(np.float32)).resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return (np.asarray(image) >= 0.5).astype(np.uint8)


def _with_sides(grey: npt.NDArray[np.uint8]) -> tuple[Mask | None, Mask | None, Mask | None]:
    right, left = grey == RIGHT_VALUE, grey == LEFT_VALUE
    has_right, has_left = bool(right.any()), bool(left.any())
    return right if has_right else None, left if has_left else None, right | left if has_right and has_left else None

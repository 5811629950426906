"""The lungs of one radiograph as a reading keeps them: on the network's grid, with the way home to native pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Box, Geometry
from hilum.imaging.preprocess import crop_box
from hilum.reading.lungs.regions import LungFlag
from hilum.reading.lungs.words import names_sides
from hilum.reading_result import Heatmap, LungMap, LungVerdict, ModelRef

Mask = npt.NDArray[np.bool_]
SHARES_SIDE = 256
"""Shares of a picture are counted on so many cells a side: a cell is 1/65,536 of the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class LungDrawing:
    """What a lung network and its rules make of one radiograph of `rows` x `columns` native pixels.

    `box` is in native pixels, cut to the picture; without a lung it is the whole picture. `quality` is the expected
    Dice, `reason` says in words why the drawing is `trusted` or not.
    """

    lungs: LungMap
    box: Box
    quality: float
    trusted: bool
    flags: tuple[LungFlag, ...]
    reason: str
    rows: int
    columns: int
    model: ModelRef

    @property
    def crop(self) -> Box | None:
        """The box that is cropped: whole native pixels, or None where the drawing is not trusted or nothing is left."""
        cut = crop_box(self.box, rows=self.rows, columns=self.columns) if self.trusted else None
        if cut is None:
            return None
        left, top, right, bottom = cut
        return Box(float(left), float(top), float(right - left), float(bottom - top))

    def verdict(self) -> LungVerdict:
        """The part of a reading that says all this."""
        right, left = masks(self.lungs, rows=self.rows, columns=self.columns, height=SHARES_SIDE, width=SHARES_SIDE)
        named = names_sides(self.flags)
        return LungVerdict(
            box=self.box,
            trusted=self.trusted,
            quality=self.quality,
            area_share=float((right | left).mean()),
            right_share=float(right.mean()) if named else None,
            left_share=float(left.mean()) if named else None,
            flags=self.flags,
            reason=self.reason,
            model=self.model,
        )

    def inside_share(self, heatmap: Heatmap) -> float | None:
        """The share of the positive part of a heatmap, over the whole picture, that lies inside the lungs.

        None where the drawing is not trusted, or nothing of the heatmap is positive inside the picture.
        """
        if not self.trusted:
            return None
        cells = Geometry(SHARES_SIDE / self.columns, SHARES_SIDE / self.rows, 0.0, 0.0)
        placed = onto_pixels(
            heatmap.grid, geometry=cells.after(heatmap.geometry), rows=SHARES_SIDE, columns=SHARES_SIDE
        )
        positive = np.maximum(placed, 0).astype(np.float64)
        total = float(positive.sum())
        if total == 0:
            return None
        right, left = masks(self.lungs, rows=self.rows, columns=self.columns, height=SHARES_SIDE, width=SHARES_SIDE)
        return float(positive[right | left].sum()) / total


def masks(lungs: LungMap, *, rows: int, columns: int, height: int, width: int) -> tuple[Mask, Mask]:
    """Right and left masks bool (height, width), whose cells divide a picture of `rows` x `columns` evenly."""
    geometry = Geometry(width / columns, height / rows, 0.0, 0.0).after(lungs.geometry)
    return sides(np.stack([lungs.right, lungs.left]), geometry=geometry, shape=(height, width), threshold=lungs.level)


def sides(
    probability: npt.NDArray[np.float32], *, geometry: Geometry, shape: tuple[int, ...], threshold: float
) -> tuple[Mask, Mask]:
    """Right and left masks bool (H, W) of `shape` from probabilities (2, h, w) on the network's grid.

    `geometry` maps the grid to the masks' pixels. Probabilities are interpolated bilinearly; a pixel is of the side
    with the larger one.
    """
    rows, columns = shape
    if probability.shape[1:] == (rows, columns) and _changes_nothing(geometry):
        right, left = probability  # most drawings: the network's grid divides the whole picture
    else:
        right, left = (onto_pixels(plane, geometry=geometry, rows=rows, columns=columns) for plane in probability)
    union = np.maximum(right, left) >= threshold
    return union & (right >= left), union & (right < left)


def _changes_nothing(geometry: Geometry) -> bool:
    """Whether it is the identity but for rounding."""
    scales, offsets = (geometry.scale_x, geometry.scale_y), (geometry.offset_x, geometry.offset_y)
    return all(math.isclose(scale, 1.0, rel_tol=1e-9) for scale in scales) and max(map(abs, offsets)) < 1e-6

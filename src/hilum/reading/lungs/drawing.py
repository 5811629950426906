"""What was drawn of one radiograph as a reading keeps it: on the network's grid, with the way home to native pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.bundle.lung_spec import RatioError
from hilum.errors import UsageError
from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Box, Geometry
from hilum.imaging.preprocess import crop_box
from hilum.reading.lungs.regions import LungFlag
from hilum.reading.lungs.words import names_sides
from hilum.reading_result import Heatmap, LungDefinition, LungMap, LungVerdict, ModelRef

Mask = npt.NDArray[np.bool_]
SHARES_SIDE = 256
"""Shares of a picture are counted on so many cells a side: a cell is 1/65,536 of the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class SideMasks:
    """The masks bool (H, W) of the patient's right and left side, which do not overlap."""

    right: Mask
    left: Mask

    @property
    def union(self) -> Mask:
        """Both sides."""
        return self.right | self.left


@dataclass(frozen=True, slots=True, eq=False)
class LungDrawing:
    """What a lung network and its rules make of one radiograph of `rows` x `columns` native pixels.

    `box` is in native pixels, cut to the picture; it may rest on a mirrored lung (see `flags`), and without a lung it
    is the whole picture. `quality` is the expected Dice, `reason` says in words why the drawing is `trusted` or not.
    `ratio_error` is what the card tells of its cardiothoracic ratios.
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
    ratio_error: RatioError | None = None

    @property
    def crop(self) -> Box | None:
        """The box that is cropped: whole native pixels, or None where the drawing is not trusted or nothing is left."""
        cut = crop_box(self.box, rows=self.rows, columns=self.columns) if self.trusted else None
        if cut is None:
            return None
        left, top, right, bottom = cut
        return Box(float(left), float(top), float(right - left), float(bottom - top))

    @property
    def names_sides(self) -> bool:
        """Whether it may be said which lung is the patient's right."""
        return names_sides(self.flags)

    def masks(self, definition: LungDefinition) -> SideMasks:
        """Both lungs in native pixels, never mirrored; where sides are not named, only their places tell them apart.

        Raises `UsageError` where the network draws none by this definition.
        """
        return self._masks(definition, height=self.rows, width=self.columns)

    def heart(self) -> Mask | None:
        """The heart in native pixels, bool (H, W); None where the network draws none."""
        return self._heart(height=self.rows, width=self.columns)

    def verdict(self) -> LungVerdict:
        """The part of a reading that says all this."""
        sides = self._masks(self.lungs.boxed, height=SHARES_SIDE, width=SHARES_SIDE)
        heart = self._heart(height=SHARES_SIDE, width=SHARES_SIDE)
        right, left = _share(sides.right), _share(sides.left)
        return LungVerdict(
            box=self.box,
            trusted=self.trusted,
            quality=self.quality,
            area_share=right + left,
            right_share=right if self.names_sides else None,
            left_share=left if self.names_sides else None,
            flags=self.flags,
            reason=self.reason,
            model=self.model,
            definition=self.lungs.boxed,
            heart_share=None if heart is None else _share(heart),
        )

    def inside_share(self, heatmap: Heatmap) -> float | None:
        """The share of the positive part of a heatmap, over the whole picture, that lies inside the whole lungs.

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
        lungs = self._masks(self.lungs.boxed, height=SHARES_SIDE, width=SHARES_SIDE).union
        return float(positive[lungs].sum()) / total

    def _masks(self, definition: LungDefinition, *, height: int, width: int) -> SideMasks:
        """Masks (height, width) whose cells divide the picture evenly."""
        planes = self.lungs.sides(definition)
        if planes is None:
            raise UsageError(f"{self.model.name} draws no {definition} lungs")
        return SideMasks(
            *sides(
                np.stack([planes.right, planes.left]),
                geometry=self._cells(height, width),
                shape=(height, width),
                threshold=self.lungs.level,
            )
        )

    def _heart(self, *, height: int, width: int) -> Mask | None:
        if self.lungs.heart is None:
            return None
        placed = _placed(self.lungs.heart, geometry=self._cells(height, width), shape=(height, width))
        return np.asarray(placed >= self.lungs.level)

    def _cells(self, height: int, width: int) -> Geometry:
        return Geometry(width / self.columns, height / self.rows, 0.0, 0.0).after(self.lungs.geometry)


def sides(
    probability: npt.NDArray[np.float32], *, geometry: Geometry, shape: tuple[int, ...], threshold: float
) -> tuple[Mask, Mask]:
    """Right and left masks bool (H, W) of `shape` from probabilities (2, h, w) on the network's grid.

    `geometry` maps the grid to the masks' pixels. Probabilities are interpolated bilinearly; a pixel is of the side
    with the larger one.
    """
    right, left = (_placed(plane, geometry=geometry, shape=shape) for plane in probability)
    union = np.maximum(right, left) >= threshold
    return union & (right >= left), union & (right < left)


def _placed(plane: npt.NDArray[np.float32], *, geometry: Geometry, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    rows, columns = shape
    if plane.shape == (rows, columns) and _changes_nothing(geometry):
        return plane  # most drawings: the network's grid divides the whole picture
    return onto_pixels(plane, geometry=geometry, rows=rows, columns=columns)


def _changes_nothing(geometry: Geometry) -> bool:
    """Whether it is the identity but for rounding."""
    scales, offsets = (geometry.scale_x, geometry.scale_y), (geometry.offset_x, geometry.offset_y)
    return all(math.isclose(scale, 1.0, rel_tol=1e-9) for scale in scales) and max(map(abs, offsets)) < 1e-6


def _share(mask: Mask) -> float:
    return np.count_nonzero(mask) / mask.size

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
"""Shares are counted on so many cells a side where the network's grid does not divide the whole picture."""


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
        height, width = self._shares_shape()
        sides = self._masks(self.lungs.boxed, height=height, width=width)
        heart = self._heart(height=height, width=width)
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
        height, width = self._shares_shape()
        cells = Geometry(width / self.columns, height / self.rows, 0.0, 0.0)
        placed = onto_pixels(heatmap.grid, geometry=cells.after(heatmap.geometry), rows=height, columns=width)
        positive = np.maximum(placed, 0).astype(np.float64)
        total = float(positive.sum())
        if total == 0:
            return None
        lungs = self._masks(self.lungs.boxed, height=height, width=width).union
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
        geometry, level = self._cells(height, width), self.lungs.level
        window = _window(self.lungs.heart >= level, geometry=geometry, shape=(height, width))
        placed = _placed(self.lungs.heart, geometry=geometry, window=window)
        return _filled(placed >= level, window=window, shape=(height, width))

    def _shares_shape(self) -> tuple[int, int]:
        """Rows and columns of cells on which shares are counted: the network's own, where they divide the picture."""
        planes = self.lungs.sides(self.lungs.boxed)
        if planes is None or not _changes_nothing(self._cells(*planes.right.shape)):
            return SHARES_SIDE, SHARES_SIDE
        height, width = planes.right.shape
        return height, width

    def _cells(self, height: int, width: int) -> Geometry:
        return Geometry(width / self.columns, height / self.rows, 0.0, 0.0).after(self.lungs.geometry)


def sides(
    probability: npt.NDArray[np.float32], *, geometry: Geometry, shape: tuple[int, ...], threshold: float
) -> tuple[Mask, Mask]:
    """Right and left masks bool (H, W) of `shape` from probabilities (2, h, w) on the network's grid.

    `geometry` maps the grid to the masks' pixels. Probabilities are interpolated bilinearly; a pixel is of the side
    with the larger one.
    """
    window = _window(probability.max(axis=0) >= threshold, geometry=geometry, shape=shape)
    right, left = (_placed(plane, geometry=geometry, window=window) for plane in probability)
    union = np.maximum(right, left) >= threshold
    both = (union & (right >= left), union & (right < left))
    return _filled(both[0], window=window, shape=shape), _filled(both[1], window=window, shape=shape)


@dataclass(frozen=True, slots=True)
class _Window:
    """Rows and columns [first, last) of a larger grid."""

    top: int
    bottom: int
    left: int
    right: int


def _window(drawn: Mask, *, geometry: Geometry, shape: tuple[int, ...]) -> _Window:
    """The pixels that interpolation can lift to the level: those within a cell of what was `drawn`, bool (h, w).

    Most of a radiograph is neither lung nor heart, and interpolating is what a mask of native size costs.
    """
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    if rows.size == 0:
        return _Window(0, 0, 0, 0)
    x_from, y_from = geometry.point(float(columns[0]) - 1, float(rows[0]) - 1)
    x_to, y_to = geometry.point(float(columns[-1]) + 2, float(rows[-1]) + 2)
    return _Window(
        max(0, math.floor(y_from)),
        min(shape[0], math.ceil(y_to)),
        max(0, math.floor(x_from)),
        min(shape[1], math.ceil(x_to)),
    )


def _placed(plane: npt.NDArray[np.float32], *, geometry: Geometry, window: _Window) -> npt.NDArray[np.float32]:
    """The plane (h, w), interpolated at the pixels of a window of the grid that `geometry` leads to."""
    rows, columns = window.bottom - window.top, window.right - window.left
    if rows <= 0 or columns <= 0:
        return np.zeros((max(rows, 0), max(columns, 0)), np.float32)
    inside = window.bottom <= plane.shape[0] and window.right <= plane.shape[1]
    if inside and _changes_nothing(geometry):  # most drawings: the network's grid divides the whole picture
        return plane[window.top : window.bottom, window.left : window.right]
    moved = Geometry(1.0, 1.0, -float(window.left), -float(window.top)).after(geometry)
    return onto_pixels(plane, geometry=moved, rows=rows, columns=columns)


def _filled(mask: Mask, *, window: _Window, shape: tuple[int, ...]) -> Mask:
    out = np.zeros(shape, np.bool_)
    out[window.top : window.bottom, window.left : window.right] = mask
    return out


def _changes_nothing(geometry: Geometry) -> bool:
    """Whether it is the identity but for rounding."""
    scales, offsets = (geometry.scale_x, geometry.scale_y), (geometry.offset_x, geometry.offset_y)
    return all(math.isclose(scale, 1.0, rel_tol=1e-9) for scale in scales) and max(map(abs, offsets)) < 1e-6


def _share(mask: Mask) -> float:
    return np.count_nonzero(mask) / mask.size

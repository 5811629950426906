"""Brings a class map from its coarse grid to native pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.errors import UsageError
from hilum.geometry import Geometry

Floats = npt.NDArray[np.floating]

_ALONE = 1 << 18
"""Multiplications of a product that BLAS makes in one thread: threads that wait for each other cost more than they
bring, while other pictures are drawn beside this one."""


def onto_pixels(grid: Floats, *, geometry: Geometry, rows: int, columns: int) -> npt.NDArray[np.float32]:
    """The grid (h, w) at the centres of native pixels: float32 (rows, columns), in the grid's unit per cell.

    `geometry` maps grid coordinates (edge-based: cell j covers [j, j + 1)) to native pixels. A cell's value stands at
    its centre, between centres it is interpolated bilinearly, and in the outer half of a border cell it is the border
    cell's. Outside the grid, where the network saw nothing, the result is 0. Bilinear interpolation is separable, so
    this is two matrix products.
    """
    if grid.ndim != 2 or grid.size == 0 or rows < 1 or columns < 1:
        raise UsageError(f"there must be a grid (h, w) and at least one pixel, not {grid.shape} and {rows} x {columns}")
    down = _interpolation(grid.shape[0], pixels=rows, scale=geometry.scale_y, offset=geometry.offset_y)
    across = _interpolation(grid.shape[1], pixels=columns, scale=geometry.scale_x, offset=geometry.offset_x)
    left, right = down @ grid.astype(np.float32), np.ascontiguousarray(across.T)
    placed = np.empty((rows, columns), np.float32)
    step = max(1, _ALONE // right.size)
    for start in range(0, rows, step):
        np.matmul(left[start : start + step], right, out=placed[start : start + step])
    return placed


def _interpolation(cells: int, *, pixels: int, scale: float, offset: float) -> npt.NDArray[np.float32]:
    """The matrix (pixels, cells) of interpolation weights along one axis; a row outside the grid is 0."""
    position = (np.arange(pixels) + 0.5 - offset) / scale  # in grid coordinates, [0, cells] inside
    inside = np.flatnonzero((position >= 0) & (position <= cells))
    centre = np.clip(position[inside] - 0.5, 0, cells - 1)
    left = np.minimum(centre.astype(np.intp), max(cells - 2, 0))
    share = centre - left
    matrix = np.zeros((pixels, cells), np.float32)
    matrix[inside, left] = 1 - share
    if cells > 1:
        matrix[inside, left + 1] = share
    return matrix

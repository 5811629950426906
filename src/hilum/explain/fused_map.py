"""The class map of a fusion of two networks: the whole picture's part and the crop's, laid over one another at home.

The fusion's logit is its bias plus the sum of both maps (`networks/fusion.py`), so both are in one unit, logit
contribution, and may be added. They have different cells: a cell of the crop covers fewer native pixels. On native
pixels each map is therefore spread as a density, logit contribution a native pixel, and the densities are added; over
the picture they sum to the logit minus the bias, as far as interpolation at the borders lets them.

Against the paper (Liu et al. 2019, section 2.3): there both maps are resized, laid over one another and rescaled to
0-255 for each image. Here nothing is scaled to the range of one image. The crop counts as a constant: how its box
depends on the picture is no part of the map.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import UsageError
from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Geometry

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class PlacedMap:
    """One class map `grid` (h, w) in logit contribution, and the geometry from its cells to native pixels."""

    grid: Floats
    geometry: Geometry

    @property
    def pixels_per_cell(self) -> float:
        """How many native pixels one cell covers."""
        return abs(self.geometry.scale_x * self.geometry.scale_y)


def cells_of(grid: Floats, *, geometry: Geometry, input_size: tuple[int, int]) -> PlacedMap:
    """The map `grid` (h, w) of a network whose input of `input_size` (rows, columns) `geometry` leads home.

    Raises `UsageError` for a grid that is no map of finite values.
    """
    if grid.ndim != 2 or grid.size == 0 or not np.isfinite(grid).all():
        raise UsageError(f"a class map must be finite values (h, w), not the shape {grid.shape}, NaN or infinity")
    cell = Geometry(input_size[1] / grid.shape[1], input_size[0] / grid.shape[0], 0.0, 0.0)
    return PlacedMap(grid, geometry.after(cell))


def fused_density(whole: PlacedMap, crop: PlacedMap, *, rows: int, columns: int) -> npt.NDArray[np.float32]:
    """Logit contribution a native pixel, float32 (rows, columns): both maps at the centres of native pixels, added."""
    parts = [
        onto_pixels(one.grid, geometry=one.geometry, rows=rows, columns=columns) / np.float32(one.pixels_per_cell)
        for one in (whole, crop)
    ]
    return parts[0] + parts[1]


def fused_grid(whole: PlacedMap, crop: PlacedMap, *, rows: int, columns: int, side: int = 64) -> PlacedMap:
    """The fused map on a grid of at most `side` cells a side over the picture, in logit contribution a cell.

    It is `fused_density` times a cell's native pixels, at the centres of the cells: one heatmap for reports and boxes.
    """
    if side < 1 or rows < 1 or columns < 1:
        raise UsageError(f"there must be at least one cell and one pixel, not {side} cells, {rows} x {columns}")
    high, wide = min(side, rows), min(side, columns)
    cells = Geometry(columns / wide, rows / high, 0.0, 0.0)
    home = cells.inverse()
    parts = [PlacedMap(one.grid, home.after(one.geometry)) for one in (whole, crop)]
    return PlacedMap(fused_density(*parts, rows=high, columns=wide), cells)

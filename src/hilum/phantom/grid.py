"""The detector grid: where every pixel's ray crosses the detector plane, in millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float64]
"""float64 (H, W); the unit stands in the docstring of what returns it."""

Bounds = tuple[float, float, float, float]
"""`(x0, x1, y0, y1)` in mm."""


@dataclass(frozen=True)
class Grid:
    """A detector of `rows` x `columns` square pixels, its centre at x = 0 and y = `centre_y_mm`.

    Rays are parallel and run along z, so a solid's shadow has the solid's own size. `x` grows to the right of the
    picture (the patient's left), `y` downwards (to the feet), `z` away from the detector (to the back in PA).
    """

    rows: int
    columns: int
    spacing_mm: float
    centre_y_mm: float = 0.0

    @cached_property
    def x_mm(self) -> Image:
        """float64 (1, W): x of the pixel centres in mm."""
        return _centres(self.columns, self.spacing_mm)[None, :]

    @cached_property
    def y_mm(self) -> Image:
        """float64 (H, 1): y of the pixel centres in mm."""
        return _centres(self.rows, self.spacing_mm)[:, None] + self.centre_y_mm

    def zeros(self) -> Image:
        """float64 (H, W) of zeros."""
        return np.zeros((self.rows, self.columns))

    def window(self, bounds: Bounds) -> tuple[slice, slice]:
        """Rows and columns of the pixels whose centres may lie within `bounds` (mm); empty slices where none does."""
        x0, x1, y0, y1 = bounds
        y0, y1 = y0 - self.centre_y_mm, y1 - self.centre_y_mm
        return self._cut(y0, y1, self.rows), self._cut(x0, x1, self.columns)

    def point_mm(self, share_x: float, share_y: float) -> tuple[float, float]:
        """x and y in mm of a point given as shares of the picture's width and height."""
        x = (share_x - 0.5) * self.columns * self.spacing_mm
        return x, (share_y - 0.5) * self.rows * self.spacing_mm + self.centre_y_mm

    def _cut(self, low_mm: float, high_mm: float, count: int) -> slice:
        first = min(max(int(np.floor(low_mm / self.spacing_mm + count / 2)), 0), count)
        last = min(max(int(np.ceil(high_mm / self.spacing_mm + count / 2)), first), count)
        return slice(first, last)


def _centres(count: int, spacing_mm: float) -> Image:
    return (np.arange(count, dtype=np.float64) + (0.5 - count / 2)) * np.float64(spacing_mm)

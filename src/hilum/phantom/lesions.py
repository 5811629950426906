"""Lesions: tissue that replaces the air of the lung inside an ellipsoid of known place, size and density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hilum.errors import UsageError
from hilum.geometry import Box
from hilum.phantom.grid import Grid, Image
from hilum.phantom.solids import Ellipsoid


@dataclass(frozen=True, slots=True)
class LesionSpec:
    """Where a lesion is and what it is made of.

    `centre` is `(x, y)` and `radii` `(rx, ry)`, as fractions of the picture's width and height; `depth` is the
    semi-axis along the beam, as a fraction of the width (default: the mean of the other two). `density` is the share
    of the replaced air that becomes soft tissue: 1 is solid, more is calcified. `patchy` breaks the ellipsoid into
    overlapping patches of unequal density, as consolidation is; it stays inside the ellipsoid.
    """

    name: str
    centre: tuple[float, float]
    radii: tuple[float, float]
    density: float = 1.0
    depth: float | None = None
    patchy: bool = False

    def __post_init__(self) -> None:
        if min(self.radii) <= 0 or self.density <= 0 or (self.depth is not None and self.depth <= 0):
            raise UsageError(f"a lesion's radii, depth and density must be above 0, came {self}")

    def ellipsoid(self, *, grid: Grid) -> Ellipsoid:
        """The lesion's hull in mm; its depth lies around z = 0."""
        (x, y), (rx, ry) = self.centre, self.radii
        width, height = grid.columns * grid.spacing_mm, grid.rows * grid.spacing_mm
        radii = rx * width, ry * height
        depth = sum(radii) / 2 if self.depth is None else self.depth * width
        return Ellipsoid(((x - 0.5) * width, (y - 0.5) * height, 0.0), (*radii, depth))

    def parts(self, *, grid: Grid, seed: int) -> tuple[tuple[float, Ellipsoid], ...]:
        """The ellipsoids that make the lesion, each with its density; patches lie within the hull."""
        hull = self.ellipsoid(grid=grid)
        if not self.patchy:
            return ((self.density, hull),)
        rng = np.random.default_rng(seed)
        patches = [(0.45 * self.density, hull)]
        for _ in range(36):
            direction = rng.normal(size=3)
            direction /= np.linalg.norm(direction)
            share = rng.uniform(0.16, 0.42)
            offset = direction * (1 - share) * rng.uniform(0, 1) ** 0.6
            centre = np.add(hull.centre, offset * hull.radii).tolist()
            radii = (share * np.array(hull.radii)).tolist()
            patches.append((0.35 * self.density, Ellipsoid(tuple(centre), tuple(radii))))
        return tuple(patches)


def support_box(path: Image) -> Box | None:
    """The smallest box of whole pixels around every pixel of `path` (H, W) above 0, or None where there is none."""
    rows, columns = np.flatnonzero((path > 0).any(axis=1)), np.flatnonzero((path > 0).any(axis=0))
    if rows.size == 0:
        return None
    x, y = int(columns[0]), int(rows[0])
    return Box(x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y)

"""Lesions: tissue that replaces the air of the lung inside an ellipsoid of known place, size and density."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hilum.errors import UsageError
from hilum.geometry import Box
from hilum.phantom.compound import uncovered_length
from hilum.phantom.grid import Grid, Image
from hilum.phantom.solids import Convex, Ellipsoid, Overlap, chord_mm


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
            raise UsageError(f"A lesion's radii, depth and density must be above 0: {self}")

    def ellipsoid(self, *, grid: Grid) -> Ellipsoid:
        """The lesion's hull in mm; its depth lies around z = 0."""
        (x, y), (rx, ry) = grid.point_mm(*self.centre), self.radii
        width, height = grid.columns * grid.spacing_mm, grid.rows * grid.spacing_mm
        radii = rx * width, ry * height
        depth = sum(radii) / 2 if self.depth is None else self.depth * width
        return Ellipsoid((x, y, 0.0), (*radii, depth))

    def patches(self, *, grid: Grid, seed: int) -> tuple[tuple[float, Ellipsoid], ...]:
        """A thin veil over the whole hull and ellipsoids inside it, each with the density that it adds."""
        hull = self.ellipsoid(grid=grid)
        rng = np.random.default_rng([seed, 5])
        patches = [(0.30 * self.density, hull)]
        for _ in range(44):
            direction = rng.normal(size=3)
            direction /= np.linalg.norm(direction)
            share = rng.uniform(0.14, 0.40)
            offset = direction * (1 - share) * rng.uniform(0, 1) ** 0.5
            x, y, z = (np.array(hull.centre) + offset * hull.radii).tolist()
            rx, ry, rz = (share * np.array(hull.radii)).tolist()
            patches.append((0.6 * self.density, Ellipsoid((x, y, z), (rx, ry, rz))))
        return tuple(patches)


def replaced_air(
    spec: LesionSpec, *, lung: Convex, obstacles: Sequence[Convex], grid: Grid, seed: int
) -> tuple[Image, tuple[slice, slice]]:
    """The path length (mm) of air that a lesion replaces in one lung, and the rows and columns it stands for.

    Lung that an obstacle (heart, diaphragm) has pushed aside holds no air and is not replaced. Patches together never
    replace more than the hull holds.
    """
    hull = spec.ellipsoid(grid=grid)
    rows, columns = grid.window(hull.bounds_mm)
    x, y = grid.x_mm[:, columns], grid.y_mm[rows]
    shared = Overlap(hull, lung)
    blocked = [obstacle.interval_mm(x, y) for obstacle in obstacles]
    whole = spec.density * uncovered_length(shared.interval_mm(x, y), blocked)
    if not spec.patchy:
        return whole, (rows, columns)
    patchy = np.zeros_like(whole)
    for density, patch in spec.patches(grid=grid, seed=seed):
        patchy += density * chord_mm(Overlap(patch, lung), x, y)
    return np.minimum(patchy, whole), (rows, columns)


def support_box(path: Image) -> Box | None:
    """The smallest box of whole pixels around every pixel of `path` (H, W) above 0, or None where there is none."""
    rows, columns = np.flatnonzero((path > 0).any(axis=1)), np.flatnonzero((path > 0).any(axis=0))
    if rows.size == 0:
        return None
    x, y = int(columns[0]), int(rows[0])
    return Box(x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y)

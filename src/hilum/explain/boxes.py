"""From a class map to a box: threshold, largest component, its bounding box in native pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.errors import UsageError
from hilum.explain.components import largest_component
from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Box, Geometry

Floats = npt.NDArray[np.floating]


def box_from_map(grid: Floats, *, threshold: float, geometry: Geometry, subdivisions: int = 9) -> Box | None:
    """The box around the largest 8-connected part of the map at or above `threshold` of its positive maximum.

    `grid` (h, w) is a class map, `threshold` a share in (0, 1], `geometry` maps grid coordinates to native pixels, in
    which the box is; it may reach past the image where the model's input did (see `Box.clipped`). The map is first
    interpolated bilinearly to `subdivisions` a cell, which is how finely the box's edges lie (1: whole cells, for a
    map that is fine already). None where no value is positive.
    """
    if not 0.0 < threshold <= 1.0 or subdivisions < 1:
        raise UsageError(
            f"threshold must be above 0 and at most 1, and subdivisions at least 1, not {threshold} and {subdivisions}"
        )
    if grid.ndim != 2 or grid.size == 0 or not np.isfinite(grid).all():
        raise UsageError(f"a class map must be finite values (h, w), not the shape {grid.shape}, NaN or infinity")
    h, w = grid.shape
    finer = Geometry(subdivisions, subdivisions, 0.0, 0.0)
    fine = (
        onto_pixels(grid, geometry=finer, rows=h * subdivisions, columns=w * subdivisions) if subdivisions > 1 else grid
    )
    highest = fine.max()
    if highest <= 0:
        return None
    part = largest_component(fine >= threshold * highest)
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    box = Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1 - columns[0]), float(rows[-1] + 1 - rows[0]))
    return geometry.after(finer.inverse()).box(box)

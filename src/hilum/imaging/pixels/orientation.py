"""Turning stored pixels upright, and the way back to where the file stores them.

An orientation is the number 1 to 8 that EXIF and TIFF use (TIFF 6.0, tag 274): on which side of the upright picture
the stored row 0 and column 0 lie. DICOM's tags are brought to the same number.
"""

from __future__ import annotations

import numpy as np

from hilum.geometry import Box
from hilum.radiograph import Pixels, Source

IN_WORDS = {
    2: "mirrored",
    3: "turned by 180°",
    4: "mirrored and turned by 180°",
    5: "mirrored and turned by 90°",
    6: "turned by 90°",
    7: "mirrored and turned by 90°",
    8: "turned by 90°",
}
"""How pixels of each orientation are stored."""

_TRANSPOSED = (5, 6, 7, 8)
_FROM_THE_RIGHT = (2, 3, 6, 7)
_FROM_BELOW = (3, 4, 7, 8)


def swaps_sides(orientation: int) -> bool:
    """Whether stored rows are columns of the upright picture."""
    return orientation in _TRANSPOSED


def upright(pixels: Pixels, *, orientation: int) -> Pixels:
    """Stored (H, W) as it stands upright: row 0 at the visual top, column 0 at the visual left."""
    if orientation in _TRANSPOSED:
        pixels = pixels.T
    if orientation in _FROM_THE_RIGHT:
        pixels = pixels[:, ::-1]
    if orientation in _FROM_BELOW:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def stored_point(x: float, y: float, *, source: Source) -> tuple[float, float]:
    """Where a point of the upright picture lies in the stored pixels; both edge-based, as in `hilum.geometry`."""
    if source.stored is None:
        return x, y
    orientation, rows, columns = source.stored.orientation, source.stored.rows, source.stored.columns
    if orientation in _TRANSPOSED:
        rows, columns = columns, rows
    x, y = x * columns / source.columns, y * rows / source.rows
    if orientation in _FROM_THE_RIGHT:
        x = columns - x
    if orientation in _FROM_BELOW:
        y = rows - y
    return (y, x) if orientation in _TRANSPOSED else (x, y)


def stored_box(box: Box, *, source: Source) -> Box:
    """Where a box of the upright picture lies in the stored pixels."""
    (x0, y0), (x1, y1) = (
        stored_point(box.x, box.y, source=source),
        stored_point(box.x + box.width, box.y + box.height, source=source),
    )
    return Box(min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0))


def shown_spacing(spacing_mm: tuple[float, float] | None, *, source: Source) -> tuple[float, float] | None:
    """The distance between rows, then between columns, of the upright picture, from that of the stored one."""
    if spacing_mm is None or source.stored is None:
        return spacing_mm
    down, across = (spacing_mm[0], source.stored.rows), (spacing_mm[1], source.stored.columns)
    if swaps_sides(source.stored.orientation):
        down, across = across, down
    return down[0] * (down[1] / source.rows), across[0] * (across[1] / source.columns)

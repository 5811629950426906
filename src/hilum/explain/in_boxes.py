"""How much of a class map lies in boxes that radiologists drew: where its maximum is, and where its mass is.

The maximum is the pointing game (Zhang et al. 2018, arXiv:1608.00507) without their margin around the box. The mass is
the energy pointing game (Wang et al. 2020, arXiv:1910.01279): the share of the map's positive part in the boxes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hilum.explain.fused_map import PlacedMap
from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Box

Mask = npt.NDArray[np.bool_]


def boxes_mask(boxes: Sequence[Box], *, rows: int, columns: int) -> Mask:
    """Whether the centre of each pixel lies in a box: bool (rows, columns); `boxes` are in pixels."""
    mask = np.zeros((rows, columns), bool)
    y, x = np.arange(rows)[:, None] + 0.5, np.arange(columns)[None] + 0.5
    for box in boxes:
        mask |= (y >= box.y) & (y < box.y + box.height) & (x >= box.x) & (x < box.x + box.width)
    return mask


def points_nowhere(placed: PlacedMap) -> bool:
    """Whether no cell of the map is positive, or several cells are there and all are alike."""
    grid = placed.grid
    return bool(grid.max() <= 0 or (grid.size > 1 and grid.max() == grid.min()))


def maximum_in_boxes(placed: PlacedMap, *, boxes: Sequence[Box]) -> bool:
    """Whether the centre of the map's highest cell, the first of them, lies in a box of native pixels.

    False where no cell is positive, or all cells are alike: such a map points nowhere.
    """
    if points_nowhere(placed):
        return False
    row, column = np.unravel_index(int(np.argmax(placed.grid)), placed.grid.shape)
    x, y = placed.geometry.point(float(column) + 0.5, float(row) + 0.5)
    return any(box.x <= x < box.x + box.width and box.y <= y < box.y + box.height for box in boxes)


def mass_in_boxes(placed: PlacedMap, *, inside: Mask) -> float:
    """The share of the map's positive part that lies `inside`, a mask of the native pixels (rows, columns).

    The map is brought to the pixels by `onto_pixels`; what lies outside the picture is not counted. 0 where nothing is
    positive.
    """
    rows, columns = inside.shape
    positive = np.maximum(onto_pixels(placed.grid, geometry=placed.geometry, rows=rows, columns=columns), 0.0)
    total = float(positive.sum(dtype=np.float64))
    return float(positive[inside].sum(dtype=np.float64)) / total if total > 0 else 0.0

"""Where the lungs lie on a picture as a network takes it: what is averaged over by a network that looks inside them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hilum.errors import UsageError
from hilum.geometry import Geometry
from hilum.reading.lungs.drawing import LungDrawing, sides

Mask = npt.NDArray[np.bool_]


def lungs_on_input(drawing: LungDrawing, *, geometry: Geometry, shape: tuple[int, int]) -> Mask:
    """Both whole lungs (the fields, where nothing else is drawn) on a network's input: bool (H, W) of `shape`.

    `geometry` leads from the input's pixels to native ones, and need not keep the whole picture.
    """
    lungs = drawing.lungs
    planes = lungs.sides(lungs.boxed)
    if planes is None:
        raise UsageError(f"{drawing.model.name} draws no lungs")
    right, left = sides(
        np.stack([planes.right, planes.left]),
        geometry=geometry.inverse().after(lungs.geometry),
        shape=shape,
        threshold=lungs.level,
    )
    return right | left


def widened(mask: Mask, *, share: float) -> Mask:
    """The pixels of (H, W) that lie within `share` of the picture's sides of the mask's pixels.

    What is near is an ellipse of half axes `share` times H and W pixels, a disc in a square picture.
    """
    rows, columns = mask.shape
    reach, across = share * rows, share * columns
    grown = np.zeros_like(mask)
    for step in range(-math.floor(reach), math.floor(reach) + 1):
        wide = math.floor(across * math.sqrt(1.0 - (step / reach) ** 2)) if step else math.floor(across)
        moved = np.zeros_like(mask)
        source = mask[max(0, -step) : rows - max(0, step)]
        moved[max(0, step) : rows - max(0, -step)] = source
        grown |= _along_rows(moved, reach=wide)
    return grown


def _along_rows(mask: Mask, *, reach: int) -> Mask:
    """Each row (H, W) grown by `reach` pixels to either side."""
    columns = mask.shape[1]
    counts = np.zeros((len(mask), columns + 1), np.int32)
    np.cumsum(mask, axis=1, out=counts[:, 1:])
    places = np.arange(columns)
    first, last = np.maximum(places - reach, 0), np.minimum(places + reach + 1, columns)
    grown: Mask = counts[:, last] > counts[:, first]
    return grown

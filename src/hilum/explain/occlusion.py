"""Heatmaps by occlusion, for networks whose logit is no sum over the picture (Zeiler and Fergus 2014, section 4.1).

A square of the picture is hidden and the network asked again: what a logit falls by is what the square was worth to
it. The square slides over a grid of cells, and a cell gets the mean over the squares that cover it of fall / (cells in
the square). So the unit is logits a cell, as a class map's. Where a logit is a sum over cells, the map of a square of
one cell holds these cells, each less what the cell would add were it grey; elsewhere the cells need not add up to
anything.

What hides is the picture's own mean, a channel: black or white would be an edge and a shadow to look at. As with any
occlusion, a network is asked about pictures that it never met, and two places that say the same hide each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from hilum.errors import UsageError

Floats = npt.NDArray[np.floating]

BATCH = 8
"""Hidden pictures that are made at a time: what a picture of 1,024 pixels and three channels takes is then 100 MB."""


def occlusion_maps(
    picture: npt.NDArray[np.float32],
    *,
    logits: npt.NDArray[np.float32],
    ask: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]],
    cells: int,
    square: int,
) -> npt.NDArray[np.float32]:
    """The maps (L, cells, cells), in logits a cell, of `picture` (C, H, W), whose logits are `logits` (L,).

    `ask` gives the logits (N, L) of pictures (N, C, H, W); it is asked `passes(cells, square)` pictures, in batches.
    `square` is the side of what is hidden, in cells. Raises `UsageError` where no such square fits, or the picture has
    fewer rows or columns than cells, and what `ask` raises.
    """
    _, rows, columns = picture.shape
    if not 1 <= square <= cells <= min(rows, columns):
        raise UsageError(
            f"expected a square of 1 to {cells} cells and a picture of at least {cells} pixels a side, came {square} "
            f"and {columns} x {rows}"
        )
    down, across = (np.rint(np.linspace(0, side, cells + 1)).astype(int) for side in (rows, columns))
    grey = picture.mean(axis=(1, 2), keepdims=True)
    total, count = np.zeros((len(logits), cells, cells)), np.zeros((cells, cells))
    for corners in _batches(cells - square + 1):
        hidden = np.repeat(picture[None], len(corners), axis=0)
        for one, (top, left) in zip(hidden, corners, strict=True):
            one[:, down[top] : down[top + square], across[left] : across[left + square]] = grey
        for (top, left), left_over in zip(corners, ask(hidden), strict=True):
            place = np.s_[top : top + square, left : left + square]
            total[:, *place] += (logits.astype(np.float64) - left_over)[:, None, None] / square**2
            count[place] += 1
    return (total / count).astype(np.float32)


def passes(cells: int, square: int) -> int:
    """How many pictures a network is asked for one occlusion map; it serves all labels."""
    return (cells - square + 1) ** 2


def _batches(places: int) -> Iterator[list[tuple[int, int]]]:
    """The upper left cells of all squares, row by row, `BATCH` at a time."""
    corners = [(top, left) for top in range(places) for left in range(places)]
    for first in range(0, len(corners), BATCH):
        yield corners[first : first + BATCH]

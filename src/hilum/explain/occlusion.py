"""Heatmaps by occlusion, for networks whose logit is no sum over the picture (Zeiler and Fergus 2014, section 4.1).

A square of the picture is hidden and the network asked again: what a logit falls by is what the square was worth to
it. The square slides over a grid of cells and beyond its border, where a part of it lies outside, so that as many
squares cover every cell: with fewer, a corner would have the whole fall of what lies near it. A cell gets the mean over
the squares that cover it of fall / (cells in a whole square). So the unit is logits a cell, as a class map's; what is
spread evenly comes out weaker at the border. Where a logit is a sum over cells, the map of a square of
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
    fewer rows or columns than cells, or `ask` gives another shape, NaN or infinity; and what `ask` raises, at once.
    """
    _, rows, columns = picture.shape
    if not 1 <= square <= cells <= min(rows, columns):
        raise UsageError(
            f"the square must be 1 to {cells} cells and the picture at least {cells} pixels a side, not {square} and "
            f"{columns} x {rows}"
        )
    down, across = (np.rint(np.linspace(0, side, cells + 1)).astype(int) for side in (rows, columns))
    grey = picture.mean(axis=(1, 2), keepdims=True)
    total = np.zeros((len(logits), cells, cells))
    for squares in _batches(cells, square=square):
        hidden = np.repeat(picture[None], len(squares), axis=0)
        for one, (top, bottom, left, right) in zip(hidden, squares, strict=True):
            one[:, down[top] : down[bottom], across[left] : across[right]] = grey
        said = _answers(ask(hidden), shape=(len(squares), len(logits)))
        for fall, (top, bottom, left, right) in zip(logits.astype(np.float64) - said, squares, strict=True):
            total[:, top:bottom, left:right] += fall[:, None, None]
    return (total / square**4).astype(np.float32)  # square^2 squares cover a cell, and it is a share of square^2


def passes(cells: int, square: int) -> int:
    """How many pictures a network is asked for one occlusion map; it serves all labels."""
    return (cells + square - 1) ** 2


def _answers(found: npt.NDArray[np.float32], *, shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    """What a network said of hidden pictures; NaN would spread over the cells that it is a share of."""
    if found.shape != shape or not np.isfinite(found).all():
        raise UsageError(
            f"the logits of hidden pictures must be finite and {shape}, not the shape {found.shape}, NaN or infinity"
        )
    return found


def _batches(cells: int, *, square: int) -> Iterator[list[tuple[int, int, int, int]]]:
    """Top, bottom, left and right of what each square hides of the grid, row by row, `BATCH` at a time."""
    spans = [(max(0, last - square + 1), min(cells, last + 1)) for last in range(cells + square - 1)]
    squares = [(*down, *across) for down in spans for across in spans]
    for first in range(0, len(squares), BATCH):
        yield squares[first : first + BATCH]

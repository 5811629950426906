"""The connected components of a mask: all of them, or the largest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hilum.errors import UsageError

Mask = npt.NDArray[np.bool_]
_Ints = npt.NDArray[np.intp]


def largest_component(mask: Mask, *, connectivity: Literal[4, 8] = 8) -> Mask:
    """The largest connected component of `mask` bool (H, W), as a mask of the same shape; all False where it is empty.

    With connectivity 4 cells touch along edges, with 8 also at corners. Of components of one size the one that comes
    first, row by row, is taken. Runs of set cells along rows are joined, not single cells.
    """
    if mask.ndim != 2 or mask.dtype != np.bool_:
        raise UsageError(f"a mask must be bool (H, W), not {mask.dtype} {mask.shape}")
    runs = _runs(mask)
    out = np.zeros(mask.shape, np.bool_)
    if runs.start.size == 0:
        return out
    label = _joined(runs, reach=1 if connectivity == 8 else 0)
    sizes = np.bincount(label, weights=runs.end - runs.start)
    _fill(out, runs, value=label == sizes.argmax())
    return out


def labelled_components(mask: Mask, *, connectivity: Literal[4, 8] = 8) -> tuple[_Ints, int]:
    """Each connected component of `mask` bool (H, W) by its number, 1 to n in raster order, 0 elsewhere; and n."""
    if mask.ndim != 2 or mask.dtype != np.bool_:
        raise UsageError(f"a mask must be bool (H, W), not {mask.dtype} {mask.shape}")
    runs = _runs(mask)
    out = np.zeros(mask.shape, np.intp)
    if runs.start.size == 0:
        return out, 0
    names, number = np.unique(_joined(runs, reach=1 if connectivity == 8 else 0), return_inverse=True)
    _fill(out, runs, value=number + 1)
    return out, len(names)


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """Runs of set cells in raster order: run i covers columns [start, end) of its row; rows are `width` long."""

    row: _Ints
    start: _Ints
    end: _Ints
    width: int


def _runs(mask: Mask) -> _Runs:
    height, width = mask.shape
    line = np.zeros(
        height * (width + 1) + 1, np.bool_
    )  # all rows in one, parted by an empty cell, one before the first
    line[1:].reshape(height, width + 1)[:, :width] = mask
    edges = np.flatnonzero(line[1:] != line[:-1])
    row, start = np.divmod(edges[::2], width + 1)
    return _Runs(row, start, edges[1::2] - row * (width + 1), width)


def _fill(out: npt.NDArray[Any], runs: _Runs, *, value: npt.NDArray[Any]) -> None:
    """Give all cells of each run its value."""
    length = runs.end - runs.start
    first = runs.row * runs.width + runs.start
    within = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
    out.reshape(-1)[np.repeat(first, length) + within] = np.repeat(value, length)


def _joined(runs: _Runs, *, reach: int) -> _Ints:
    """For each run the index of the first run of its component."""
    above, below = _touching(runs, reach=reach)
    label = np.arange(runs.start.size)
    while True:
        low = np.minimum(label[above], label[below])
        changed = label.copy()
        # hook both roots, not only the runs themselves, so that whole trees join at once
        for member in (above, below, label[above], label[below]):
            np.minimum.at(changed, member, low)
        while (shorter := changed[changed]).tobytes() != changed.tobytes():
            changed = shorter
        if np.array_equal(changed, label):
            return label
        label = changed


def _touching(runs: _Runs, *, reach: int) -> tuple[_Ints, _Ints]:
    """All pairs of touching runs in neighbouring rows, as indices of the upper and of the lower run."""
    stride = runs.width + 2  # rows stay apart on one number line even when a run reaches over its ends
    next_row = (runs.row + 1) * stride
    first = np.searchsorted(runs.row * stride + runs.end, next_row + runs.start - reach, side="right")
    last = np.searchsorted(runs.row * stride + runs.start, next_row + runs.end + reach, side="left")
    count = np.maximum(last - first, 0)
    above = np.repeat(np.arange(count.size), count)
    below = np.arange(above.size) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    return above, below

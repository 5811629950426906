"""The connected components of a mask: all of them, or the largest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
        raise UsageError(f"expected a mask bool (H, W), came {mask.dtype} {mask.shape}")
    runs = _runs(mask)
    out = np.zeros(mask.shape, np.bool_)
    if runs.start.size == 0:
        return out
    label = _joined(runs, reach=1 if connectivity == 8 else 0)
    sizes = np.bincount(label, weights=runs.end - runs.start)
    for index in np.flatnonzero(label == sizes.argmax()):
        out[runs.row[index], runs.start[index] : runs.end[index]] = True
    return out


def labelled_components(mask: Mask, *, connectivity: Literal[4, 8] = 8) -> tuple[_Ints, int]:
    """Each connected component of `mask` bool (H, W) by its number, 1 to n in raster order, 0 elsewhere; and n."""
    if mask.ndim != 2 or mask.dtype != np.bool_:
        raise UsageError(f"expected a mask bool (H, W), came {mask.dtype} {mask.shape}")
    runs = _runs(mask)
    out = np.zeros(mask.shape, np.intp)
    if runs.start.size == 0:
        return out, 0
    names, number = np.unique(_joined(runs, reach=1 if connectivity == 8 else 0), return_inverse=True)
    for index, component in enumerate(number):
        out[runs.row[index], runs.start[index] : runs.end[index]] = component + 1
    return out, len(names)


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """Runs of set cells in raster order: run i covers columns [start, end) of its row; rows are `width` long."""

    row: _Ints
    start: _Ints
    end: _Ints
    width: int


def _runs(mask: Mask) -> _Runs:
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, start = np.nonzero(edges == 1)
    _, end = np.nonzero(edges == -1)
    return _Runs(row, start, end, mask.shape[1])


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

"""Where a map crosses a level: closed outlines by marching squares (Lorensen and Cline 1987, in two dimensions)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Outline = npt.NDArray[np.float32]
"""float32 (n, 2): x and y of the corners of a closed outline in pixels of the map, the map's corner at (0, 0)."""

_TOP, _RIGHT, _BOTTOM, _LEFT = range(4)
# edges from and to, with the high side on the left, for each pattern of high corners (8 top left, 4 top right,
# 2 bottom right, 1 bottom left); across a saddle the low corners are joined
_SEGMENTS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((_BOTTOM, _LEFT),),
    2: ((_RIGHT, _BOTTOM),),
    3: ((_RIGHT, _LEFT),),
    4: ((_TOP, _RIGHT),),
    5: ((_TOP, _RIGHT), (_BOTTOM, _LEFT)),
    6: ((_TOP, _BOTTOM),),
    7: ((_TOP, _LEFT),),
    8: ((_LEFT, _TOP),),
    9: ((_BOTTOM, _TOP),),
    10: ((_LEFT, _TOP), (_RIGHT, _BOTTOM)),
    11: ((_RIGHT, _TOP),),
    12: ((_LEFT, _RIGHT),),
    13: ((_BOTTOM, _RIGHT),),
    14: ((_LEFT, _BOTTOM),),
}


def outlines(grid: npt.NDArray[np.floating], *, level: float = 0.5) -> tuple[Outline, ...]:
    """The closed outlines of `grid` (H, W) at `level`, the longest first; none where it never rises above the level.

    Outside the grid nothing rises above it, so an outline runs along the border where a region touches it. Around a
    region it runs counter-clockwise as seen on a screen, around a hole clockwise.
    """
    values = _with_low_border(grid.astype(np.float64), level=level)
    following = _segments(values > level)
    found = []
    while following:
        start, edge = following.popitem()
        edges = [start]
        while edge != start:
            edges.append(edge)
            edge = following.pop(edge)
        found.append(_positions(np.array(edges), values=values, level=level))
    return tuple(sorted(found, key=len, reverse=True))


def _with_low_border(grid: npt.NDArray[np.float64], *, level: float) -> npt.NDArray[np.float64]:
    """One more pixel on each side, so low that a region at the border is crossed at the border itself."""
    values = np.pad(grid, 1, mode="edge")
    border = np.ones(values.shape, np.bool_)
    border[1:-1, 1:-1] = False
    values[border] = np.where(values[border] > level, 2 * level - values[border], level - 1.0)
    return values


def _segments(high: npt.NDArray[np.bool_]) -> dict[int, int]:
    """From each crossed edge to the next one. Edge 2k leads from point k to its right, edge 2k + 1 to the one below."""
    width = high.shape[1]
    bits = high.astype(np.uint8)
    case = 8 * bits[:-1, :-1] + 4 * bits[:-1, 1:] + 2 * bits[1:, 1:] + bits[1:, :-1]
    following = {}
    for row, column in np.argwhere((case > 0) & (case < 15)).tolist():
        point = row * width + column
        edges = (2 * point, 2 * (point + 1) + 1, 2 * (point + width), 2 * point + 1)
        for first, last in _SEGMENTS[int(case[row, column])]:
            following[edges[first]] = edges[last]
    return following


def _positions(edges: npt.NDArray[np.int64], *, values: npt.NDArray[np.float64], level: float) -> Outline:
    width = values.shape[1]
    point, down = edges // 2, edges % 2
    row, column = point // width, point % width
    near, far = values[row, column], values[row + down, column + 1 - down]
    share = (level - near) / (far - near)
    # a point stands for the middle of its pixel, and the padding moved everything by one pixel
    x, y = column + share * (1 - down) - 0.5, row + share * down - 0.5
    return np.stack([x, y], axis=1).astype(np.float32)

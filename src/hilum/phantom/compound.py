"""Solids made of solids: hollow ones and chains, as signed sums of convex ones; and what obstacles leave of a solid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from hilum.phantom.grid import Grid, Image
from hilum.phantom.rods import Capsule
from hilum.phantom.solids import Convex, Interval, Overlap, Point, add_path, chord_mm

Signed = tuple[tuple[float, Convex], ...]
"""Convex solids with signs; the path length of the whole is the signed sum of theirs."""


def add_signed(image: Image, solid: Signed, *, grid: Grid, weight: float = 1.0) -> None:
    """Add `weight` times the compound solid's path length (mm) to `image` (H, W)."""
    for sign, part in solid:
        add_path(image, part, grid=grid, weight=sign * weight)


def hollow(outer: Convex, inner: Convex) -> Signed:
    """The shell between two solids; `inner` must lie inside `outer`."""
    return (1.0, outer), (-1.0, inner)


def chain(points: Sequence[Point], *, radius: float, stretch_y: float = 1.0) -> Signed:
    """A curved rod: capsules from point to point, with the joints that neighbours share counted once.

    Exact while only neighbours overlap, that is for gentle curves with points at least `radius` apart.
    """
    links = [Capsule(a, b, radius, stretch_y) for a, b in pairwise(points)]
    joints = [Overlap(a, b) for a, b in pairwise(links)]
    return (*((1.0, link) for link in links), *((-1.0, joint) for joint in joints))


def pipe(points: Sequence[Point], *, radius: float, wall: float) -> Signed:
    """A curved tube: a chain without its core of `radius` - `wall` mm."""
    inner = chain(points, radius=radius - wall)
    return (*chain(points, radius=radius), *((-sign, part) for sign, part in inner))


def uncovered_length(interval: Interval, obstacles: Iterable[Interval]) -> Image:
    """The length in mm of `interval` that no obstacle covers, ray by ray; obstacles may overlap one another.

    Sweeps the obstacles in order of entry and keeps the farthest exit so far.
    """
    enter, leave = interval
    length = np.maximum(leave - enter, 0.0)
    cut = [(np.maximum(enter, a), np.minimum(leave, b)) for a, b in obstacles]
    cut = [part for part in cut if np.any(part[1] > part[0])]
    if not cut:
        return length
    starts, ends = (np.stack(np.broadcast_arrays(*(part[side] for part in cut))) for side in (0, 1))
    starts = np.where(ends > starts, starts, np.inf)
    ends = np.where(np.isfinite(starts), ends, -np.inf)
    order = np.argsort(starts, axis=0)
    starts, ends = np.take_along_axis(starts, order, 0), np.take_along_axis(ends, order, 0)
    covered, reached = np.zeros_like(length), np.full_like(length, -np.inf)
    for start, end in zip(starts, ends, strict=True):
        covered += np.maximum(end - np.maximum(start, reached), 0.0)
        reached = np.maximum(reached, end)
    return length - covered


def coplanar_union(solids: Iterable[Convex], *, grid: Grid) -> Image:
    """The path length in mm (H, W) through the union of solids that are all symmetric about the plane z = 0.

    Their intervals share a centre on every ray, so the union is as long as the longest.
    """
    longest = grid.zeros()
    for solid in solids:
        rows, columns = grid.window(solid.bounds_mm)
        part = chord_mm(solid, grid.x_mm[:, columns], grid.y_mm[rows])
        longest[rows, columns] = np.maximum(longest[rows, columns], part)
    return longest

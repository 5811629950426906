"""The pulmonary vessels: trees of tapering cylinders that branch from the hila."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from hilum.phantom.compound import Signed, chain
from hilum.phantom.rods import Cylinder
from hilum.phantom.solids import Convex, Point
from hilum.phantom.thorax_organs import Side

_GENERATIONS = 6
_SHRINK = 0.80
"""Radius of a branch relative to its stem (Murray's law for two equal branches gives 2^(-1/3) = 0.79)."""

_STEMS: dict[Side, tuple[tuple[float, float, float, float], ...]] = {
    # direction in degrees from straight lateral towards the feet, first length, first radius, depth slope
    "right": ((-70, 28, 5.6, 0.2), (-40, 26, 5.0, -0.4), (-8, 26, 4.8, 0.5), (18, 27, 5.2, -0.3), (40, 29, 6.2, 0.3),
              (60, 31, 7.2, -0.2), (82, 34, 7.4, 0.2)),
    "left": ((-72, 26, 5.4, 0.2), (-42, 25, 4.8, -0.4), (-10, 26, 4.6, 0.5), (16, 27, 5.0, -0.3), (38, 29, 6.0, 0.3),
             (58, 31, 7.0, -0.2), (76, 33, 6.8, 0.2)),
}  # fmt: skip
_ROOTS: dict[Side, tuple[float, float, float]] = {"right": (-36.0, -16.0, 4.0), "left": (40.0, -24.0, 4.0)}


def vessel_tree(side: Side, *, seed: int) -> Signed:
    """All segments of one lung's tree, in body millimetres; the same `seed` gives the same tree."""
    rng = np.random.default_rng([seed, 2 if side == "right" else 3])
    outward = -1.0 if side == "right" else 1.0
    segments: list[tuple[float, Convex]] = []
    for angle_deg, length, radius, slope in _STEMS[side]:
        angle = np.deg2rad(angle_deg + rng.normal(0, 5))
        direction = np.array([outward * np.cos(angle), np.sin(angle), slope])
        start = np.add(_ROOTS[side], np.array([outward * 4, 16 * np.sin(angle), 0]) + rng.normal(0, 2.5, 3))
        stem = _Branch(start, direction, length, radius, _GENERATIONS)
        segments += _grown(stem, rng=rng)
    return tuple(segments)


@dataclass(frozen=True, slots=True, eq=False)
class _Branch:
    """Where a branch starts and how it goes on; `start` and `direction` are float64 (3,), lengths in mm."""

    start: npt.NDArray[np.float64]
    direction: npt.NDArray[np.float64]
    length: float
    radius: float
    generations: int


def _grown(branch: _Branch, *, rng: np.random.Generator) -> list[tuple[float, Convex]]:
    """The branch's own two segments, bent a little, and those of the two branches that grow from its end."""
    start, direction = branch.start, branch.direction / np.linalg.norm(branch.direction)
    points = [_point(start)]
    for _ in range(2):
        direction = direction + rng.normal(0, 0.09, 3)
        direction /= np.linalg.norm(direction)
        end = start + direction * branch.length / 2
        points.append(_point(end))
        start = end
    segments: list[tuple[float, Convex]] = []
    if branch.generations == _GENERATIONS:  # stems end round, where all can see them
        segments += chain(points, radius=branch.radius)
    else:
        segments += [(1.0, Cylinder(a, b, branch.radius)) for a, b in pairwise(points)]
    if branch.generations == 1:
        return segments
    across = np.cross(direction, rng.normal(size=3))
    across[2] *= 0.3
    across /= np.linalg.norm(across)
    for sign, share in ((1.0, rng.uniform(0.3, 0.5)), (-1.0, rng.uniform(0.3, 0.6))):
        length, radius = branch.length * rng.uniform(0.76, 0.92), branch.radius * _SHRINK
        child = _Branch(start, direction + sign * share * across, length, radius, branch.generations - 1)
        segments += _grown(child, rng=rng)
    return segments


def _point(vector: npt.NDArray[np.float64]) -> Point:
    return float(vector[0]), float(vector[1]), float(vector[2])

"""A long bone: a shaft with thick cortex and two flared, spongy ends, as a shell around a core."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hilum.phantom.loft import Loft, Station

Place = tuple[float, float]
"""x, y in mm in the detector plane."""

_PROFILE = (
    # share of the length, share of base / shaft / head, share of the shaft's cortex
    (0.00, "base", 0.50, 0.25),
    (0.03, "base", 0.85, 0.25),
    (0.09, "base", 1.00, 0.30),
    (0.20, "base", 0.82, 0.55),
    (0.36, "shaft", 1.06, 0.95),
    (0.52, "shaft", 1.00, 1.00),
    (0.68, "shaft", 1.07, 0.95),
    (0.84, "head", 0.86, 0.50),
    (0.92, "head", 1.00, 0.30),
    (0.97, "head", 0.86, 0.25),
    (1.00, "head", 0.50, 0.25),
)


@dataclass(frozen=True, slots=True)
class Bone:
    """`outer` is the bone's surface, `inner` that of its spongy core."""

    outer: Loft
    inner: Loft


def long_bone(
    start: Place, end: Place, *, base: float, shaft: float, head: float, cortex: float, depth: float = 0.85
) -> Bone:
    """A bone from `start` to `end` with half-widths `base`, `shaft` and `head` (mm) along the way.

    `cortex` is the thickness of the shaft's wall in mm, `depth` the ratio of depth to width.
    """
    dx, dy = end[0] - start[0], end[1] - start[1]
    length, angle_deg = float(np.hypot(dx, dy)), float(np.rad2deg(np.arctan2(-dx, dy)))
    half = {"base": base, "shaft": shaft, "head": head}
    outer: list[Station] = []
    inner: list[Station] = []
    for share, part, width_share, wall_share in _PROFILE:
        width, wall = half[part] * width_share, cortex * wall_share
        outer.append((share * length, -width, width, width * depth))
        core = max(width - wall, 0.2)
        at = min(max(share * length, 0.25 * cortex), length - 0.25 * cortex)
        inner.append((at, -core, core, max(width * depth - wall, 0.2)))
    centre = (start[0], start[1], 0.0)
    return Bone(Loft(tuple(outer), centre, angle_deg, 2.4), Loft(tuple(inner), centre, angle_deg, 2.4))

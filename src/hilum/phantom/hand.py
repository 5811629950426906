"""The radiograph of a fabricated hand, dorsopalmar: fingers, metacarpals, carpals, the ends of radius and ulna."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from hilum.errors import UsageError
from hilum.phantom.compound import coplanar_union
from hilum.phantom.detector import Detector
from hilum.phantom.grid import Grid, Image
from hilum.phantom.loft import Loft
from hilum.phantom.long_bone import Bone, Place, long_bone
from hilum.phantom.materials import LIMB_BEAM
from hilum.phantom.phantom import Phantom
from hilum.phantom.rods import Capsule
from hilum.phantom.solids import Convex, Ellipsoid
from hilum.phantom.without_lungs import without_lungs

HAND_DETECTOR = Detector(photons=40_000, scatter=0.03, edge_loss=0.08, window=(0.0, 0.9995), contrast=0.0)

_HEIGHT_MM = 264.0
_RAYS: tuple[tuple[Place, ...], ...] = (
    ((31, 64), (60, 32), (77, 4), (88, -20)),
    ((14, 52), (30, -2), (41, -44), (47, -69), (51, -89)),
    ((2, 50), (7, -10), (9, -58), (10, -86), (11, -107)),
    ((-9, 53), (-14, -4), (-21, -48), (-26, -75), (-30, -95)),
    ((-19, 58), (-33, 8), (-46, -25), (-53, -44), (-58, -62)),
)
"""Joints of thumb to little finger in mm: base of the metacarpal first, tip last."""
_SIZES = ((7.0, 4.2, 7.2), (6.9, 4.5, 5.4), (5.6, 3.7, 4.5), (4.8, 2.4, 3.4))
"""Half-widths (base, shaft, head) in mm of metacarpal, proximal, middle and distal phalanx."""
_CARPALS = (
    # x, y, half-widths, turn
    (18.5, 78, 7.5, 12.5, -38),
    (2.5, 84.5, 9.5, 8.5, 15),
    (-14, 80, 9.0, 7.5, -35),
    (-18, 75, 5.0, 5.5, 0),
    (27, 67, 8.5, 7.5, 30),
    (15.5, 60, 6.5, 8.5, 0),
    (4.5, 65, 8.0, 13.0, 0),
    (-10, 65.5, 8.5, 10.5, -22),
)


def render_hand(
    *, rows: int = 1024, columns: int = 832, seed: int = 0, detector: Detector = HAND_DETECTOR, label: bool = True
) -> Phantom:
    """Render a hand with the thumb on the right; lengths vary a little with `seed`.

    Raises `UsageError` for a size below 64 x 64.
    """
    if min(rows, columns) < 64:
        raise UsageError(f"A hand needs at least 64 x 64 pixels, not {rows} x {columns}")
    grid = Grid(rows, columns, max(_HEIGHT_MM / rows, 212.0 / columns))
    attenuation = _attenuation(grid, np.random.default_rng([seed, 4]))
    return without_lungs(attenuation, grid=grid, kind="hand", view="PA", seed=seed, detector=detector, label=label)


def _attenuation(grid: Grid, rng: np.random.Generator) -> Image:
    """The sum of mu x path (H, W); bones and flesh all lie around z = 0."""
    beam, scale = LIMB_BEAM, float(rng.uniform(0.96, 1.02))
    rays = [[(x * scale + rng.normal(0, 0.4), y * scale + rng.normal(0, 0.8)) for x, y in ray] for ray in _RAYS]
    bones = [bone for ray in rays for bone in _finger(ray)] + _forearm()
    carpals = [Ellipsoid((x, y, 0), (a, b, 7.5), turn) for x, y, a, b, turn in _CARPALS]
    cores = [
        Ellipsoid(bone.centre, (bone.radii[0] - 0.7, bone.radii[1] - 0.7, 6.9), bone.angle_deg) for bone in carpals
    ]
    flesh = coplanar_union(_flesh(rays), grid=grid)
    outer = coplanar_union([bone.outer for bone in bones], grid=grid)
    inner = coplanar_union([bone.inner for bone in bones], grid=grid)
    for shell, core in zip(carpals, cores, strict=True):  # neighbours' shadows overlap as they do in a real wrist
        outer += 0.8 * coplanar_union([shell], grid=grid)
        inner += 0.8 * coplanar_union([core], grid=grid)
    cortical, trabecular = np.maximum(outer - inner, 0.0), np.minimum(inner, outer)
    return (
        beam.soft * flesh + (beam.cortical - beam.soft) * cortical + (beam.trabecular - beam.soft) * trabecular * 0.75
    )


def _finger(joints: list[Place]) -> list[Bone]:
    sizes = _SIZES if len(joints) == 5 else (_SIZES[0], _SIZES[1], _SIZES[3])
    bones = []
    for (base, shaft, head), (start, end) in zip(sizes, pairwise(joints), strict=True):
        gap = 1.3 / float(np.hypot(end[0] - start[0], end[1] - start[1]))
        a, b = _between(start, end, gap), _between(start, end, 1 - gap)
        bones.append(long_bone(a, b, base=base, shaft=shaft, head=head, cortex=shaft * 0.42))
    return bones


def _forearm() -> list[Bone]:
    radius = long_bone((15, 94), (8, 260), base=16.5, shaft=8.0, head=12.0, cortex=2.6, depth=0.42)
    ulna = long_bone((-17, 96), (-14, 260), base=8.0, shaft=6.5, head=9.0, cortex=2.2, depth=0.7)
    return [radius, ulna]


def _flesh(rays: list[list[Place]]) -> list[Convex]:
    """Finger pulps, palm and wrist."""
    parts: list[Convex] = []
    for ray in rays:
        for number, (start, end) in enumerate(pairwise(ray)):
            last = number == len(ray) - 2
            tip = _between(start, end, 1.1) if last else end
            parts.append(Capsule((*start, 0.0), (*tip, 0.0), 8.2 if last else 10.0 if number else 12.0))
    palm = Loft(
        ((-14, -12, 22, 5), (-8, -32, 34, 10), (4, -41, 40, 13), (30, -41, 44, 15), (55, -37, 46, 16),
         (80, -34, 37, 16), (100, -33, 34, 17), (140, -36, 36, 20), (300, -44, 44, 26)),
        exponent=2.6,
    )  # fmt: skip
    return [*parts, palm]


def _between(start: Place, end: Place, share: float) -> Place:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share

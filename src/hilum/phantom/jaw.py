"""The panoramic radiograph of a fabricated jaw: the arch unrolled, as the moving slit of the machine sees it."""

from __future__ import annotations

import numpy as np

from hilum.errors import UsageError
from hilum.phantom.compound import add_signed, chain, coplanar_union
from hilum.phantom.detector import Detector
from hilum.phantom.grid import Grid, Image
from hilum.phantom.loft import Loft
from hilum.phantom.materials import LIMB_BEAM
from hilum.phantom.phantom import Phantom
from hilum.phantom.solids import Convex, Ellipsoid, add_path
from hilum.phantom.teeth import dentition
from hilum.phantom.without_lungs import without_lungs

JAW_DETECTOR = Detector(photons=150_000, scatter=0.02, edge_loss=0.2, window=(0.003, 0.9995), contrast=0.6)

_SIZE_MM = (276.0, 138.0)


def render_jaw(
    *, rows: int = 640, columns: int = 1280, seed: int = 0, detector: Detector = JAW_DETECTOR, label: bool = True
) -> Phantom:
    """Render a panoramic jaw with 32 teeth; `seed` changes the noise only.

    Raises `UsageError` for a size below 64 x 64.
    """
    if min(rows, columns) < 64:
        raise UsageError(f"A jaw needs at least 64 x 64 pixels, not {rows} x {columns}")
    grid = Grid(rows, columns, max(_SIZE_MM[0] / columns, _SIZE_MM[1] / rows))
    attenuation = _attenuation(grid)
    return without_lungs(attenuation, grid=grid, kind="jaw", view="unknown", seed=seed, detector=detector, label=label)


def _attenuation(grid: Grid) -> Image:
    """The sum of mu x path (H, W)."""
    beam, total = LIMB_BEAM, grid.zeros()
    for solid, weight in _background():
        add_path(total, solid, grid=grid, weight=weight)
    bones = _bones()
    add_path(total, _maxilla(), grid=grid, weight=beam.trabecular - beam.soft)
    outer = coplanar_union(bones, grid=grid)
    inner = coplanar_union([bone.shrunk(1.5, depth_mm=1.2) for bone in bones], grid=grid)
    total += (beam.cortical - beam.soft) * (outer - inner) + (beam.trabecular - beam.soft) * inner
    for side in (-1, 1):
        canal = chain([(side * x, y, 0) for x, y in ((99, -2), (94, 14), (82, 25), (64, 33), (46, 37))], radius=1.5)
        add_signed(total, canal, grid=grid, weight=beam.soft - beam.trabecular)
    palate = chain([(x, -29 - 0.0009 * x * x, 0) for x in range(-84, 85, 12)], radius=1.3)
    add_signed(total, palate, grid=grid, weight=1.6 * (beam.cortical - beam.soft))
    _add_teeth(total, grid)
    return np.maximum(total, 0.0)


def _add_teeth(total: Image, grid: Grid) -> None:
    beam = LIMB_BEAM
    for tooth in dentition():
        sockets, roots = coplanar_union(tooth.sockets, grid=grid), coplanar_union(tooth.roots, grid=grid)
        total -= (beam.trabecular - beam.soft) * np.maximum(sockets - roots, 0.0)
        total += (beam.dentine - beam.trabecular) * roots
        crown = coplanar_union([tooth.crown], grid=grid)
        cap = np.maximum(coplanar_union([tooth.enamel], grid=grid) - crown, 0.0)
        total += (beam.enamel - beam.soft) * cap * 0.8 + (beam.dentine - beam.soft) * crown
        add_path(total, tooth.pulp, grid=grid, weight=beam.soft - beam.dentine)


def _background() -> tuple[tuple[Convex, float], ...]:
    """Cheeks, tongue and neck; the shadow of the spine in the middle and at the edges; air of nose, sinuses, throat."""
    beam = LIMB_BEAM
    air = beam.air - beam.soft
    widths = ((-200, 136, 46), (-20, 138, 50), (40, 128, 46), (70, 96, 30), (200, 80, 24))
    face = Loft(tuple((y, -half, half, depth) for y, half, depth in widths), exponent=4.0)
    spine = Loft(((-200, -20, 20, 20), (200, -30, 30, 22)), centre=(0, 0, 0))
    sides = [
        (Loft(((-200, side * 141 - 16, side * 141 + 16, 16), (200, side * 141 - 16, side * 141 + 16, 16))), beam.soft)
        for side in (-1, 1)
    ]
    throat = [(Ellipsoid((side * 76, -28, 0), (13, 48, 8), side * 20), air) for side in (-1, 1)]
    sinuses = [(Ellipsoid((side * 45, -43, 0), (29, 15, 13), -side * 6), air) for side in (-1, 1)]
    nose = [(Ellipsoid((side * 9, -52, 0), (7, 18, 14), side * 4), air) for side in (-1, 1)]
    mouth = (Ellipsoid((0, -8, 0), (58, 5, 6)), air * 0.5)
    return ((face, beam.soft), (spine, 0.25 * beam.soft), *sides, *throat, *sinuses, *nose, mouth)


def _bones() -> tuple[Loft, ...]:
    """The lower jaw: body, rami and their processes, all around z = 0."""
    body = Loft(
        tuple((x, -bottom, -top, 7.0) for x, top, bottom in (
            (-108, 3, 20), (-102, 4, 26), (-84, 7, 37), (-50, 13, 48), (-20, 17, 54), (0, 18, 55),
            (20, 17, 54), (50, 13, 48), (84, 7, 37), (102, 4, 26), (108, 3, 20),
        )),
        angle_deg=-90,
        exponent=4.0,
    )  # fmt: skip
    return (body, *_ramus(-1), *_ramus(1))


def _ramus(side: int) -> tuple[Loft, ...]:
    """One ramus with the condyle on its neck and the coronoid process, overlapping enough to join without a seam."""

    def loft(edges: tuple[tuple[float, float, float], ...]) -> Loft:
        return Loft(
            tuple((y, min(side * a, side * b), max(side * a, side * b), 7.0) for y, a, b in edges), exponent=4.0
        )

    ramus = loft(((-33, 88, 117), (-22, 86, 117), (0, 83, 116), (16, 85, 115), (26, 90, 111), (30, 94, 104)))
    condyle = loft(((-66, 108, 114), (-62, 104, 118), (-55, 105, 118), (-46, 107, 117), (-24, 104, 117)))
    coronoid = loft(((-54, 89, 91.5), (-48, 87.5, 94), (-38, 87, 99), (-24, 87, 102)))
    return ramus, condyle, coronoid


def _maxilla() -> Loft:
    """The part of the upper jaw that holds the teeth, without a visible rim."""
    stations = (
        (-92, -28, -26, 0.3), (-80, -33, -15, 2.5), (-50, -31, -8, 4.5), (-20, -32, -4, 4.5), (0, -34, -3.5, 4.5),
        (20, -32, -4, 4.5), (50, -31, -8, 4.5), (80, -33, -15, 2.5), (92, -28, -26, 0.3),
    )  # fmt: skip
    return Loft(tuple((x, -bottom, -top, depth) for x, top, bottom, depth in stations), angle_deg=-90, exponent=2.6)

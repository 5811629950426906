"""The soft parts of the thorax as solids, in body millimetres: trunk, lungs, heart, vessels, airways, diaphragm.

x grows to the right of the picture (the patient's left), y downwards from the picture's centre, z to the back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hilum.phantom.compound import Signed, chain
from hilum.phantom.habitus import Habitus
from hilum.phantom.loft import Loft, Station
from hilum.phantom.rods import Capsule
from hilum.phantom.solids import Convex, Ellipsoid, Point

Side = Literal["right", "left"]
"""Of the patient; the right side has negative x."""

LUNG_BASE_MM = 158.0
"""y of the lungs' lower end, deep behind the diaphragm."""

_LUNG = (
    # y, medial x, lateral x, half depth
    (-143, 49, 51, 2),
    (-141, 40, 61, 14),
    (-136, 34, 71, 24),
    (-128, 29, 81, 34),
    (-112, 23, 95, 47),
    (-90, 18, 108, 62),
    (-60, 14, 120, 74),
    (-20, 11, 129, 84),
    (20, 10, 134, 89),
    (60, 10, 137, 90),
    (100, 10, 140, 90),
    (130, 10, 140, 88),
    (LUNG_BASE_MM, 10, 137, 86),
)
"""Sections of the left lung; the right one mirrors them."""


@dataclass(frozen=True, slots=True)
class Organs:
    """Everything soft: `trunk` and its fat-free `core`, lungs, what displaces lung, and air inside soft tissue."""

    trunk: Loft
    core: Loft
    arms: tuple[Convex, ...]
    breasts: tuple[Convex, ...]
    lungs: dict[Side, Loft]
    obstacles: tuple[Convex, ...]
    airways: Signed
    stomach_air: Convex


def organs(build: Habitus) -> Organs:
    """The soft parts for one build."""
    trunk = _trunk(build)
    return Organs(
        trunk=trunk,
        core=trunk.shrunk(11 * build.wall, depth_mm=9 * build.wall),
        arms=tuple(
            Capsule((sign * 200, lung_y(-104, build), 0), (sign * 256, 90, 0), 44 * build.wall) for sign in (-1, 1)
        ),
        breasts=_breasts(build),
        lungs={"right": lung("right", build), "left": lung("left", build)},
        obstacles=(*_heart(build), *_vessels(), *_domes(build)),
        airways=_airways(),
        stomach_air=Ellipsoid((68, 141 - build.left_dome_mm, -30), (32, 13, 26), angle_deg=-8),
    )


def lung_y(y: float, build: Habitus) -> float:
    """Where the level `y` of the adult lung lies in this build."""
    return LUNG_BASE_MM + (y - LUNG_BASE_MM) * build.lung_height


def lung(side: Side, build: Habitus) -> Loft:
    """One lung with nothing cut out of it."""
    stations: list[Station] = []
    for y, medial, lateral, depth in _LUNG:
        low, high = (medial, lateral) if side == "left" else (-lateral, -medial)
        stations.append((lung_y(y, build), low, high, depth))
    return Loft(tuple(stations), exponent=2.3)


def _trunk(build: Habitus) -> Loft:
    wall = 30 * build.wall
    shoulder = lung_y(-150, build)
    widths = (
        (-420, 62, 62),
        (shoulder - 48, 64, 58),
        (shoulder - 26, 92, 62),
        (shoulder - 9, 142, 66),
        (shoulder + 8, 190, 70),
        (shoulder + 34, 226, 76),
        (shoulder + 66, 226, 84),
        (lung_y(-38, build), 158 + wall * 1.2, 92),
        (lung_y(10, build), 143 + wall * 1.1, 100),
        (60, 138 + wall, 108),
        (150, 137 + wall, 112),
        (260, 135 + wall, 112),
        (420, 138 + wall, 112),
    )
    return Loft(tuple((y, -half, half, depth) for y, half, depth in widths), exponent=2.5)


def _heart(build: Habitus) -> tuple[Convex, ...]:
    """Ventricles, right atrium, left ventricle's border; enlarged about the point where it rests on the diaphragm."""
    k = build.heart
    rest_y = 112.0

    def part(x: float, y: float, radii: Point, angle: float) -> Ellipsoid:
        rx, ry, rz = radii
        return Ellipsoid((12 + (x - 12) * k, rest_y + (y - rest_y) * k, -18), (rx * k, ry * k, rz * k), angle)

    return (
        part(26, 76, (68, 46, 58), 34),
        part(-8, 68, (35, 54, 50), 10),
        part(27, 32, (32, 50, 48), -20),
        part(48, 84, (44, 38, 46), 40),
        part(22, 104, (54, 26, 50), 8),
    )


def _vessels() -> tuple[Convex, ...]:
    """The mediastinum's vessels: pedicle, aortic arch and descending aorta, pulmonary trunk, upper vena cava."""
    pedicle = Loft(
        (
            (-420, -34, 34, 46),
            (-175, -30, 31, 46),
            (-130, -25, 27, 44),
            (-95, -25, 27, 46),
            (-60, -26, 29, 50),
            (-20, -28, 31, 54),
            (30, -26, 28, 60),
            (110, -22, 24, 66),
            (190, -24, 26, 66),
        ),
        centre=(1, 0, 8),
        exponent=2.2,
    )
    return (
        pedicle,
        Ellipsoid((22, -72, 14), (19, 18, 34)),
        Capsule((25, -66, 46), (12, 150, 52), 13.5),
        Ellipsoid((27, -33, -6), (22, 19, 26), angle_deg=30),
        Capsule((-17, -110, -18), (-19, 20, -20), 12.5),
        Ellipsoid((0, 30, 62), (27, 190, 24)),
    )


def _domes(build: Habitus) -> tuple[Convex, ...]:
    """The two halves of the diaphragm with what lies below; deep enough to leave no lung in front or behind."""
    return (
        Ellipsoid((-73, 164 - build.right_dome_mm, 0), (71.5, 66, 400), angle_deg=-1),
        Ellipsoid((74, 174 - build.left_dome_mm, 0), (71.5, 62, 400), angle_deg=1),
    )


def _airways() -> Signed:
    trachea = chain([(1, -420, 0), (1, -200, 0), (0, -130, 4), (-1, -62, 8)], radius=8.5)
    right = chain([(-3, -60, 8), (-16, -47, 8), (-25, -36, 7)], radius=6.4)
    left = chain([(2, -60, 8), (18, -48, 8), (32, -39, 7)], radius=5.4)
    return (*trachea, *right, *left)


def _breasts(build: Habitus) -> tuple[Convex, ...]:
    if build.sex != "F" or build.age_years < 15:
        return ()
    return tuple(Ellipsoid((sign * 86, 66, -110), (60, 50, 15), angle_deg=sign * 12) for sign in (-1, 1))

"""The bones of the thorax as solids, in body millimetres: ribs, spine, clavicles, scapulae, sternum, humeri."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hilum.phantom.compound import Signed, chain, hollow, pipe
from hilum.phantom.habitus import Habitus
from hilum.phantom.loft import Loft
from hilum.phantom.rods import Capsule
from hilum.phantom.solids import Block, Ellipsoid, Point
from hilum.phantom.thorax_organs import lung, lung_y

_LEVELS_MM = tuple(-138 + 23.4 * k for k in range(12))
"""y of the twelve thoracic vertebrae of an adult."""


@dataclass(frozen=True, slots=True)
class Bones:
    """`cortical` holds whole bones and plates, `cores` what is spongy inside them, `spongy` bones without a shell."""

    cortical: Signed
    cores: Signed = ()
    spongy: Signed = ()


def skeleton(build: Habitus) -> Bones:
    """All bones for one build."""
    groups = [_spine(build), _sternum(build)]
    for sign in (-1, 1):
        groups += [_rib(number, sign, build) for number in range(1, 13)]
        groups += [_clavicle(sign, build), _scapula(sign, build), _humerus(sign, build)]
    return Bones(
        tuple(part for group in groups for part in group.cortical),
        tuple(part for group in groups for part in group.cores),
        tuple(part for group in groups for part in group.spongy),
    )


def rib_points(number: int, sign: int, build: Habitus) -> list[Point]:
    """The axis of rib `number` (1 to 12) from its vertebra round the chest wall to its cartilage.

    In the plane of the loop it is an ellipse whose half-width is the lung's at that level; it descends as it goes
    forwards, and the first part of its way rises a little.
    """
    level = lung_y(_LEVELS_MM[number - 1], build)
    drop = (26 + 8.2 * min(number, 8)) * build.rib_slope
    end_deg = {1: 148, 2: 146, 11: 86, 12: 62}.get(number, 142 - 1.6 * number)
    table = lung("left", build)
    half_width = _lateral(table, level + drop * 0.42) + 3.5
    half_depth = min(36 + 8.5 * number, 88)
    start = np.rad2deg(np.arcsin(min(18 / half_width, 0.9)))
    turns = np.deg2rad(np.linspace(start, end_deg, 21))
    x = sign * half_width * np.sin(turns)
    y = level + drop * (1 - np.cos(turns)) * 0.56 - 7 * build.rib_slope * np.maximum(np.sin(2 * turns), 0)
    z = half_depth * np.cos(turns) * np.where(np.cos(turns) > 0, 0.9, 1.0)
    return [(float(a), float(b), float(c)) for a, b, c in zip(x, y, z, strict=True)]


def _lateral(table: Loft, y: float) -> float:
    stations = np.array(table.stations)
    return float(np.interp(y, stations[:, 0], stations[:, 2]))


def _rib(number: int, sign: int, build: Habitus) -> Bones:
    points = rib_points(number, sign, build)
    radius, stretch, wall = 4.0 * build.bone, 1.55, 1.35
    whole = chain(points, radius=radius, stretch_y=stretch)
    return Bones(whole, chain(points, radius=radius - wall, stretch_y=stretch))


def _spine(build: Habitus) -> Bones:
    whole: Signed = ()
    cores: Signed = ()
    spongy: Signed = ()
    for k in range(-5, 17):
        y = lung_y(_LEVELS_MM[0] + 23.4 * k + 6, build)
        half_x, half_y = 12.5 + 0.42 * k, (8.6 + 0.12 * k) * build.lung_height
        body = Loft(
            (
                (-half_y, -half_x, half_x, 13.0),
                (-half_y * 0.4, -half_x * 0.9, half_x * 0.9, 12.0),
                (half_y * 0.4, -half_x * 0.9, half_x * 0.9, 12.0),
                (half_y, -half_x, half_x, 13.0),
            ),
            centre=(0, y, 52),
            exponent=3.0,
        )
        whole += ((1.0, body),)
        cores += ((1.0, body.shrunk(0.55)),)
        for sign in (-1, 1):
            pedicle = Ellipsoid((sign * half_x * 0.66, y - 2.5, 72), (3.4, 4.6, 8))
            whole += hollow(pedicle, Ellipsoid(pedicle.centre, (2.7, 3.9, 8)))
            tip = (sign * (half_x + 15), y - 5, 84)
            spongy += ((1.0, Capsule((sign * half_x * 0.7, y - 1, 78), tip, 3.6)),)
        whole += ((0.45, Ellipsoid((0, y + 9, 90), (2.6, 7.5, 12))),)
    return Bones(whole, cores, spongy)


def _sternum(build: Habitus) -> Bones:
    top = lung_y(-100, build)
    manubrium = Loft(((0, -26, 26, 6), (18, -24, 24, 6), (42, -14, 14, 5)), centre=(0, top, -88), exponent=3.0)
    body = Block((0, top + 92, -92), (26, 96, 8))
    return Bones((), spongy=((0.6, manubrium), (0.5, body)))


def _clavicle(sign: int, build: Habitus) -> Bones:
    knots = np.array(
        [(14, -102, -62), (34, -112, -60), (62, -124, -48), (96, -133, -34), (130, -137, -26), (160, -142, -24)]
    )
    at = np.linspace(0, 1, 14)
    curve = [np.interp(at, np.linspace(0, 1, len(knots)), knots[:, axis]) for axis in range(3)]
    points = [(float(sign * x), lung_y(float(y), build), float(z)) for x, y, z in zip(*curve, strict=True)]
    radius = 5.6 * build.bone
    return Bones(chain(points, radius=radius), chain(points, radius=radius - 2.0))


def _scapula(sign: int, build: Habitus) -> Bones:
    def at(x: float, y: float, z: float) -> Point:
        return sign * x, lung_y(y, build), z

    edges = ((-122, 112, 150), (-112, 110, 158), (-90, 109, 160), (-50, 112, 146), (-10, 117, 133), (6, 120, 127))
    blade = Loft(
        tuple(
            (lung_y(y, build), *((inner, outer) if sign > 0 else (-outer, -inner)), 1.3) for y, inner, outer in edges
        ),
        centre=(0, 0, 84),
        exponent=6.0,
    )
    lateral = chain([at(161, -92, 78), at(153, -66, 80), at(141, -32, 82), at(127, 2, 84)], radius=3.0 * build.bone)
    medial = chain([at(113, -120, 84), at(110, -92, 84), at(113, -50, 84), at(120, 2, 84)], radius=1.4)
    spine = chain([at(112, -106, 92), at(134, -122, 98), at(156, -136, 88), at(176, -144, 60)], radius=3.4 * build.bone)
    glenoid = Ellipsoid(at(165, -104, 66), (6, 15, 12), angle_deg=sign * 12)
    coracoid = Ellipsoid(at(150, -122, 40), (11, 6, 10), angle_deg=-sign * 25)
    cortical = ((0.8, blade), *lateral, *medial)
    return Bones(cortical, spongy=(*spine, (1.0, glenoid), (1.0, coracoid)))


def _humerus(sign: int, build: Habitus) -> Bones:
    top = lung_y(-102, build)
    head = Ellipsoid((sign * 190, top, 20), (23 * build.bone, 24 * build.bone, 23 * build.bone))
    core = Ellipsoid(head.centre, (head.radii[0] - 1.4, head.radii[1] - 1.4, head.radii[2] - 1.4))
    shaft = [(sign * 199.0, top + 4, 20.0), (sign * 218.0, top + 90, 20.0), (sign * 238.0, top + 190, 20.0)]
    cortical = ((1.0, head), *pipe(shaft, radius=11.5 * build.bone, wall=3.0))
    return Bones(cortical, ((1.0, core),))

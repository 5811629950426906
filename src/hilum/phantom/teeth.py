"""Teeth as lofts: enamel cap, dentine with one or two roots, pulp, and the dark line of the ligament around roots."""

from __future__ import annotations

from dataclasses import dataclass

from hilum.phantom.loft import Loft
from hilum.phantom.solids import Convex, Point

_WIDTHS_MM = {"upper": (8.6, 6.8, 7.8, 7.2, 7.0, 10.6, 10.2, 9.0), "lower": (5.6, 6.2, 7.0, 7.2, 7.4, 11.4, 11.0, 10.4)}
"""Mesiodistal widths from the central incisor to the third molar."""
_MAGNIFICATION = 1.12
"""Of a panoramic radiograph, along the arch."""
_CROWN_MM = 8.2
_ROOTS_MM = (13.5, 13.0, 17.0, 14.5, 14.0, 13.0, 12.5, 11.0)


@dataclass(frozen=True, slots=True)
class Tooth:
    """`enamel` minus `crown` is the cap; `dentine` are crown and roots; `sockets` are a little wider than the roots."""

    enamel: Convex
    crown: Convex
    roots: tuple[Convex, ...]
    sockets: tuple[Convex, ...]
    pulp: Convex


def occlusal_y(x: float) -> float:
    """Where the two rows of teeth meet in an unrolled jaw, in mm: a line that rises towards the sides."""
    return 6.0 - 0.0017 * x * x


@dataclass(frozen=True, slots=True)
class _Form:
    """Where one tooth stands and its main sizes in mm; its axis runs from the biting edge to the root's tip."""

    centre: Point
    angle_deg: float
    half: float
    depth: float
    root_mm: float
    molar: bool


def dentition() -> tuple[Tooth, ...]:
    """Thirty-two teeth."""
    teeth = []
    for row, widths in _WIDTHS_MM.items():
        away = -1 if row == "upper" else 1
        for side in (-1, 1):
            edge = 0.4
            for number, width in enumerate(widths):
                wide = width * _MAGNIFICATION
                teeth.append(_tooth(_form(side * (edge + wide / 2), wide * 0.475, number, away)))
                edge += wide
    return tuple(teeth)


def _form(x: float, half: float, number: int, away: int) -> _Form:
    """The `number`th tooth from the middle; `away` is -1 for the upper row and 1 for the lower."""
    lean = x / 12 if abs(x) > 20 else x / 30
    angle_deg = 180.0 - lean if away < 0 else lean
    molar = number >= 5
    centre = (x, occlusal_y(x) + away * 0.6, 0.0)
    return _Form(centre, angle_deg, half, 4.2 if molar else 3.0, _ROOTS_MM[number] * 1.1, molar)


def _tooth(form: _Form) -> Tooth:
    half, depth = form.half, form.depth
    edge = 0.86 if form.molar else 0.74
    enamel = (
        (0.0, -half * edge, half * edge, depth),
        (2.5, -half, half, depth + 0.6),
        (5.5, -half * 0.97, half * 0.97, depth + 0.4),
        (_CROWN_MM, -half * 0.80, half * 0.80, depth),
    )
    crown = (
        (1.7, -half * 0.62, half * 0.62, depth - 1.0),
        (4.5, -half * 0.78, half * 0.78, depth - 0.5),
        (_CROWN_MM, -half * 0.80, half * 0.80, depth),
    )
    pulp_half, reach = (0.34 * half, 0.2) if form.molar else (0.22 * half, 0.75)
    pulp = (
        (4.2, -pulp_half * 0.5, pulp_half * 0.5, 0.9),
        (6.5, -pulp_half, pulp_half, 1.3),
        (_CROWN_MM + form.root_mm * reach, -0.3, 0.3, 0.5),
    )
    shares = (-0.42, 0.42) if form.molar else (0.0,)
    return Tooth(
        enamel=Loft(enamel, form.centre, form.angle_deg, 3.0),
        crown=Loft(crown, form.centre, form.angle_deg, 2.6),
        roots=tuple(_root(form, share, margin=0.0) for share in shares),
        sockets=tuple(_root(form, share, margin=0.5) for share in shares),
        pulp=Loft(pulp, form.centre, form.angle_deg),
    )


def _root(form: _Form, share: float, *, margin: float) -> Loft:
    """One root, or with a margin its socket; `share` is how far from the axis it ends, in half-widths."""
    neck = form.half * (0.39 if form.molar else 0.80)
    shift, length = share * form.half, form.root_mm + margin
    stations = (
        (_CROWN_MM, shift - neck - margin, shift + neck + margin, form.depth),
        (_CROWN_MM + 0.45 * length, shift * 1.1 - neck * 0.72 - margin, shift * 1.1 + neck * 0.72 + margin, form.depth),
        (_CROWN_MM + 0.85 * length, shift * 1.2 - neck * 0.36 - margin, shift * 1.2 + neck * 0.36 + margin, 2.2),
        (_CROWN_MM + length, shift * 1.2 - 0.2, shift * 1.2 + 0.2, 1.0),
    )
    return Loft(stations, form.centre, form.angle_deg, 2.2)

"""The cardiothoracic ratio: the widest heart over the widest inner thorax, measured on what a lung network drew.

Both are horizontal extents: the heart's, and that of both lung fields together, whose outer edges are the inner edges
of the ribs. Danzer (1919) took the ratio on PA films of standing adults; elsewhere it means something else, and it is
withheld there. It is a measurement and no diagnosis.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from hilum.geometry import Geometry
from hilum.radiograph import ADULT_FROM_YEARS, OTHER_VIEWS, Radiograph
from hilum.reading.gate.chest_view import TakenView, chest_view
from hilum.reading.gate.rules import STATES
from hilum.reading.lungs.drawing import LungDrawing
from hilum.reading.lungs.regions import SMALLER_SHARE
from hilum.reading_result import (
    CardiothoracicRatio,
    GateVerdict,
    LungMap,
    LungSides,
    PictureState,
    RatioCode,
    RatioWithheld,
    Width,
)
from hilum.stated import age_text

EDGE_CELLS = 0.5
"""An outline that comes within so many cells of the network's grid to an edge of the picture is cut by it.

Lungs may reach the upper edge: an apex that is missing changes no width."""

ADULT_THORAX_MM = (180.0, 450.0)
"""How wide an adult's inner thorax may be at the detector; beyond, the pixel spacing is that of another picture."""

_Plane = npt.NDArray[np.float32]


def cardiothoracic_ratio(
    drawing: LungDrawing, *, radiograph: Radiograph, gate: GateVerdict, assume_scope: bool = False
) -> CardiothoracicRatio | RatioWithheld:
    """The ratio of what was drawn of `radiograph`, or why there is none.

    `radiograph` has what the user says in the place of what its file says. With `assume_scope` a view that nobody tells
    counts as PA; what is known to be another stays so.
    """
    view = chest_view(radiograph, gate=gate)
    reason = next(_unfit(drawing, radiograph=radiograph, gate=gate, view=view, assume_scope=assume_scope), None)
    if reason is not None:
        return reason
    measured = _measure(drawing, spacing_mm=radiograph.source.spacing_mm)
    if isinstance(measured, RatioWithheld):
        return measured
    heart, thorax = measured
    error = drawing.ratio_error
    return CardiothoracicRatio(
        value=heart.px / thorax.px,
        heart=heart,
        thorax=thorax,
        mean_error=None if error is None else error.mean,
        error_of_nine_in_ten=None if error is None else error.nine_in_ten,
        cautions=(*_cautions(radiograph, gate=gate, view=view), *_spacing_caution(thorax)),
    )


def _unfit(
    drawing: LungDrawing, *, radiograph: Radiograph, gate: GateVerdict, view: TakenView, assume_scope: bool
) -> Iterator[RatioWithheld]:
    """What speaks against measuring at all, the most telling first."""
    age = radiograph.age_years
    states: dict[PictureState, RatioCode] = {"inverted": "inverted", "cropped": "cropped"}
    if drawing.lungs.heart is None:
        yield RatioWithheld("no heart drawn", f"{drawing.model.name} draws no heart")
    if radiograph.is_animal:
        yield RatioWithheld("animal", "the file says that the patient is an animal")
    if age is not None and age < ADULT_FROM_YEARS:  # a child's heart is wider for its thorax
        yield RatioWithheld(
            "child", f"the patient is {age_text(age)} old, and it is measured from {ADULT_FROM_YEARS:.0f} years on"
        )
    yield from _unfit_view(radiograph, view=view)
    for state in gate.state:
        yield RatioWithheld(states.get(state, "turned"), STATES[state])
    if view.view == "unknown" and not assume_scope:
        yield RatioWithheld(
            "view unknown",
            "the view is not known, and the ratio is measured on PA pictures. If this is one, say --view PA",
        )
    if not drawing.trusted:
        yield RatioWithheld("lungs not trusted", "the outlines of lungs and heart are uncertain")


def _unfit_view(radiograph: Radiograph, *, view: TakenView) -> Iterator[RatioWithheld]:
    """What is known of the view, or of how the patient was taken, that makes it another than PA of who stands."""
    seen = ", judged from the picture" if view.from_picture else ""
    if view.view == "LL":
        yield RatioWithheld("lateral view", f"the view is lateral{seen}")
    if view.view == "AP":
        yield RatioWithheld("AP view", f"the view is AP{seen}, in which the heart looks wider than it is")
    if view.view in OTHER_VIEWS:
        yield RatioWithheld("other view", f"{view.fact}, and the ratio is measured on PA pictures")
    if radiograph.is_lying:
        yield RatioWithheld("lying", "the file says that the patient lies, and a heart looks wider then than it is")


def _measure(drawing: LungDrawing, *, spacing_mm: tuple[float, float] | None) -> tuple[Width, Width] | RatioWithheld:
    """The widths of the heart and of the inner thorax, or what is wrong with what was drawn."""
    lungs = drawing.lungs
    sides = lungs.sides(lungs.outlined)
    if sides is None or lungs.heart is None or not _is_pair(sides, level=lungs.level):
        return RatioWithheld("no pair of lungs", "one lung can hardly be seen, so the thorax has no width")
    fields = np.maximum(sides.right, sides.left)
    heart = _width(lungs.heart, level=lungs.level, geometry=lungs.geometry, spacing_mm=spacing_mm)
    thorax = _width(fields, level=lungs.level, geometry=lungs.geometry, spacing_mm=spacing_mm)
    if heart is None or thorax is None:
        return RatioWithheld("no heart found", "no heart was found")
    if _is_cut(thorax, drawing=drawing) or _lowest(fields, lungs=lungs) > drawing.rows - _margin(
        lungs.geometry.scale_y
    ):
        return RatioWithheld("cut by the edge", "the lungs are cut by the edge of the picture")
    if _is_cut(heart, drawing=drawing):
        return RatioWithheld("cut by the edge", "the heart is cut by the edge of the picture")
    if heart.x_from < thorax.x_from or heart.x_to > thorax.x_to:
        return RatioWithheld("lungs not trusted", "the heart was drawn beyond the lungs")
    return heart, thorax


def _is_pair(sides: LungSides, *, level: float) -> bool:
    """Whether the smaller lung has at least a third of the larger one's area, as Liu et al. 2019 ask of two."""
    right = int(np.count_nonzero((sides.right >= level) & (sides.right >= sides.left)))
    left = int(np.count_nonzero((sides.left >= level) & (sides.right < sides.left)))
    return min(right, left) > 0 and min(right, left) >= SMALLER_SHARE * max(right, left)


def _is_cut(width: Width, *, drawing: LungDrawing) -> bool:
    margin = _margin(drawing.lungs.geometry.scale_x)
    return width.x_from < margin or width.x_to > drawing.columns - margin


def _lowest(plane: _Plane, *, lungs: LungMap) -> float:
    """The lower edge of the last row that reaches the level, in native pixels."""
    last = int(np.flatnonzero((plane >= lungs.level).any(axis=1))[-1])
    return lungs.geometry.point(0.0, last + 1.0)[1]


def _margin(scale: float) -> float:
    return EDGE_CELLS * abs(scale)


def _width(plane: _Plane, *, level: float, geometry: Geometry, spacing_mm: tuple[float, float] | None) -> Width | None:
    """How far the plane (h, w) reaches `level` from left to right, interpolated between cells; None where nowhere."""
    rows = np.flatnonzero((plane >= level).any(axis=1))
    if rows.size == 0:
        return None
    first, last = _starts(plane[rows], level=level), _starts(plane[rows, ::-1], level=level)
    left, right = int(first.argmin()), int(last.argmin())
    x_from, y_first = geometry.point(float(first[left]), float(rows[left]) + 0.5)
    x_to, y_last = geometry.point(plane.shape[1] - float(last[right]), float(rows[right]) + 0.5)
    mm = None if spacing_mm is None else (x_to - x_from) * spacing_mm[1]
    return Width(x_from, x_to, (y_first + y_last) / 2, mm)


def _starts(rows: _Plane, *, level: float) -> npt.NDArray[np.float64]:
    """Where each row (n, w) first reaches `level`, in cells from its left edge; every row reaches it somewhere."""
    column = (rows >= level).argmax(axis=1)
    each = np.arange(len(rows))
    inside, before = rows[each, column].astype(np.float64), rows[each, np.maximum(column - 1, 0)].astype(np.float64)
    rise = np.where(column > 0, inside - before, 1.0)
    crossed = column + 0.5 - (inside - level) / rise  # values stand at the middles of cells
    return np.where(column > 0, crossed, 0.0)  # outside the grid there is nothing: the edge itself


def _cautions(radiograph: Radiograph, *, gate: GateVerdict, view: TakenView) -> Iterator[str]:
    if radiograph.age_years is None:
        yield f"the age is not known; the ratio is for adults, from {ADULT_FROM_YEARS:.0f} years on"
    if view.view == "unknown":
        yield "the view is not known, and assumed to be PA as you asked"
    if view.from_picture:
        yield "the file gives no view; the picture looks like PA"
    if not view.from_picture and gate.view == "AP":
        yield "the view is said to be PA, and the picture looks like AP"


def _spacing_caution(thorax: Width) -> Iterator[str]:
    low, high = ADULT_THORAX_MM
    if thorax.mm is not None and not low <= thorax.mm <= high:
        yield (
            f"the file's pixel spacing makes the thorax {thorax.mm:.0f} mm wide, which fits no adult: the lengths "
            "in mm may be wrong; the ratio does not rest on them"
        )

"""The outlines of lungs and heart, and their widths, in the pixels of a picture, for every report that draws them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from hilum.explain.contours import Outline, outlines
from hilum.geometry import Box, Geometry
from hilum.reading_result import CardiothoracicRatio, Examination, LungMap, Reading

LUNG_COLOUR = (0, 204, 153)  # a light bluish green: neither on the heatmap's scale nor the colour of a finding's box
HEART_COLOUR = (240, 140, 200)  # pink, as light as the green, and on no scale either
_CASING = (0, 0, 0)
_KEPT = 8
"""Drawings of which the outlines are kept: page and overlay of an image ask for the same, one after the other."""


def picture_outlines(lungs: LungMap, *, geometry: Geometry) -> tuple[Outline, ...]:
    """The closed outlines of the right lung, then of the left; `geometry` maps native pixels to the picture's.

    Fields are shown, and whole lungs where nothing else was drawn.
    """
    return _placed(_outlines_of_lungs(lungs), lungs=lungs, geometry=geometry)


def heart_outlines(lungs: LungMap, *, geometry: Geometry) -> tuple[Outline, ...]:
    """The closed outlines of the heart; none where none was drawn."""
    return _placed(_outlines_of_heart(lungs), lungs=lungs, geometry=geometry)


def width_lines(reading: Reading, *, geometry: Geometry) -> tuple[npt.NDArray[np.float64], ...]:
    """The widths of heart and thorax as lines float64 (2, 2) from left to right; none where there is no ratio."""
    ratio = reading.cardiothoracic_ratio
    if not isinstance(ratio, CardiothoracicRatio):
        return ()
    return tuple(
        np.array([geometry.point(width.x_from, width.y), geometry.point(width.x_to, width.y)])
        for width in (ratio.heart, ratio.thorax)
    )


@lru_cache(maxsize=_KEPT)
def _outlines_of_lungs(lungs: LungMap) -> tuple[Outline, ...]:
    """On the map's own grid: the right lung's, then the left's."""
    sides = lungs.sides(lungs.outlined)
    if sides is None:
        return ()
    lower = np.float32(lungs.level / 2)  # where the other lung is, a plane must stay below the level
    right = np.where(sides.right >= sides.left, sides.right, np.minimum(sides.right, lower))
    left = np.where(sides.right < sides.left, sides.left, np.minimum(sides.left, lower))
    return tuple(found for side in (right, left) for found in outlines(side, level=lungs.level))


@lru_cache(maxsize=_KEPT)
def _outlines_of_heart(lungs: LungMap) -> tuple[Outline, ...]:
    return () if lungs.heart is None else outlines(lungs.heart, level=lungs.level)


def _placed(found: Sequence[Outline], *, lungs: LungMap, geometry: Geometry) -> tuple[Outline, ...]:
    home = geometry.after(lungs.geometry)
    scale = np.array([home.scale_x, home.scale_y], np.float32)
    offset = np.array([home.offset_x, home.offset_y], np.float32)
    return tuple(outline * scale + offset for outline in found)


def draw_lungs(picture: Image.Image, examination: Examination, *, geometry: Geometry) -> None:
    """Outline lungs and heart on an RGB picture, broken lines where they are not trusted, and draw their widths.

    The crops that were read are drawn, too.
    """
    verdict, lungs = examination.reading.lungs, examination.lungs
    width = max(2, round(max(picture.size) / 500))
    draw = ImageDraw.Draw(picture)
    if verdict is not None and lungs is not None:
        for colour, find in ((LUNG_COLOUR, picture_outlines), (HEART_COLOUR, heart_outlines)):
            for outline in find(lungs, geometry=geometry):
                closed = np.concatenate([outline, outline[:1]])
                for piece in [closed] if verdict.trusted else _dashes(closed, length=6 * width):
                    _line(draw, piece, width=width, colour=colour)
    lines = width_lines(examination.reading, geometry=geometry)
    for colour, line in zip((HEART_COLOUR, LUNG_COLOUR), lines, strict=False):
        for piece in (line, *_ticks(line, length=4 * width)):
            _line(draw, piece, width=width, colour=colour)
    for crop in examination.reading.crops:
        _line(draw, _corners(geometry.box(crop.box), size=picture.size), width=max(1, width // 2))


def _ticks(line: npt.NDArray[np.float64], *, length: float) -> list[npt.NDArray[np.float64]]:
    """A short upright line across each end of a level line."""
    up = np.array([0.0, length])
    return [np.stack([end - up, end + up]) for end in line]


def _line(
    draw: ImageDraw.ImageDraw,
    points: npt.NDArray[np.floating],
    *,
    width: int,
    colour: tuple[int, int, int] = LUNG_COLOUR,
) -> None:
    """A line with a dark edge, so that it shows on white too."""
    path = [(float(x), float(y)) for x, y in points - 0.5]  # Pillow's coordinates are those of pixel centres
    draw.line(path, fill=_CASING, width=width + 2, joint="curve")
    draw.line(path, fill=colour, width=width, joint="curve")


def _dashes(closed: npt.NDArray[np.floating], *, length: float) -> list[npt.NDArray[np.floating]]:
    """The closed line in pieces of about `length`, every second one left out."""
    steps = np.hypot(*np.diff(closed, axis=0).T)
    number = ((np.cumsum(steps) - steps / 2) // length).astype(int)  # which dash or gap each step is in
    cuts = np.flatnonzero(np.diff(number)) + 1
    return [
        closed[steps_of[0] : steps_of[-1] + 2]
        for steps_of in np.split(np.arange(len(steps)), cuts)
        if number[steps_of[0]] % 2 == 0
    ]


def _corners(box: Box, *, size: tuple[int, int]) -> npt.NDArray[np.float64]:
    """The box as a closed line that stays inside a picture of `size` (columns, rows)."""
    left, top = max(box.x, 1.0), max(box.y, 1.0)
    right, bottom = min(box.x + box.width, size[0] - 1.0), min(box.y + box.height, size[1] - 1.0)
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])

"""The outlines of both lungs in the pixels of a picture, for every report that draws them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from hilum.explain.contours import Outline, outlines
from hilum.geometry import Box, Geometry
from hilum.reading_result import Examination, LungMap

LUNG_COLOUR = (0, 204, 153)  # a light bluish green: neither on the heatmap's scale nor the colour of a finding's box
_CASING = (0, 0, 0)


def picture_outlines(lungs: LungMap, *, geometry: Geometry) -> tuple[Outline, ...]:
    """The closed outlines of the right lung, then of the left; `geometry` maps native pixels to the picture's."""
    home = geometry.after(lungs.geometry)
    scale = np.array([home.scale_x, home.scale_y], np.float32)
    offset = np.array([home.offset_x, home.offset_y], np.float32)
    lower = np.float32(lungs.level / 2)  # where the other lung is, a plane must stay below the level
    right = np.where(lungs.right >= lungs.left, lungs.right, np.minimum(lungs.right, lower))
    left = np.where(lungs.right < lungs.left, lungs.left, np.minimum(lungs.left, lower))
    return tuple(found * scale + offset for side in (right, left) for found in outlines(side, level=lungs.level))


def draw_lungs(picture: Image.Image, examination: Examination, *, geometry: Geometry) -> None:
    """Outline the lungs on an RGB picture, broken lines where they are not trusted, and the crops that were read."""
    verdict, lungs = examination.reading.lungs, examination.lungs
    if verdict is None:
        return
    width = max(2, round(max(picture.size) / 500))
    draw = ImageDraw.Draw(picture)
    for outline in () if lungs is None else picture_outlines(lungs, geometry=geometry):
        closed = np.concatenate([outline, outline[:1]])
        for piece in [closed] if verdict.trusted else _dashes(closed, length=6 * width):
            _line(draw, piece, width=width)
    for crop in examination.reading.crops:
        _line(draw, _corners(geometry.box(crop.box), size=picture.size), width=max(1, width // 2))


def _line(draw: ImageDraw.ImageDraw, points: npt.NDArray[np.floating], *, width: int) -> None:
    """A line with a dark edge, so that it shows on white too."""
    path = [(float(x), float(y)) for x, y in points - 0.5]  # Pillow's coordinates are those of pixel centres
    draw.line(path, fill=_CASING, width=width + 2, joint="curve")
    draw.line(path, fill=LUNG_COLOUR, width=width, joint="curve")


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

"""Heatmaps of the whole-image network and of SDFN side by side, with the crop's edge and the radiologists' boxes.

They are patients' pictures: they are written beside the study, on this machine, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from hilum.explain.fused_map import PlacedMap, fused_density
from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Box
from hilum.radiograph import Pixels
from hilum.report.colour import ContributionScale, paint
from hilum.report.overlay import BOX_COLOUR
from hilum.report.windowing import Picture, encode_png, fit, to_grey8

SIDE_PX = 320
EDGE_COLOUR = (0, 0, 0)
CROP_COLOUR = (255, 255, 255)
_DASH_PX = 6

Shares = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoMaps:
    """One class of one image in two networks, each map in logit contribution with its way to native pixels.

    `whole_alone` is the whole-image network's own; `whole` and `crop` are SDFN's two, on the whole image and on the
    crop. `crop_box` is the crop in native pixels, None where it was the whole image.
    """

    image: str
    label: str
    whole_alone: PlacedMap
    whole: PlacedMap
    crop: PlacedMap
    crop_box: Box | None
    whole_probability: float
    sdfn_probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPair:
    """Both pictures as PNG, alike in size; `boxes` is how many of the radiologists' boxes of this class are drawn."""

    image: str
    label: str
    whole_probability: float
    sdfn_probability: float
    boxes: int
    whole: bytes
    sdfn: bytes


def draw_pair(maps: TwoMaps, *, pixels: Pixels, boxes: Sequence[Box] = ()) -> DrawnPair:
    """Draw both heatmaps over `pixels` (H, W) in [0, 1]; `boxes` are in native pixels.

    Both have the scale of the whole image's grid: logits per cell of it, so that equal colours mean equal shares of
    the logit for equal shares of the picture.
    """
    picture = fit(pixels, longest_side=SIDE_PX)
    rows, columns = picture.pixels.shape
    alone, whole, crop = (_on(picture, one) for one in (maps.whole_alone, maps.whole, maps.crop))
    scale = ContributionScale(*alone.grid.shape)
    own = onto_pixels(alone.grid, geometry=alone.geometry, rows=rows, columns=columns)
    fused = fused_density(whole, crop, rows=rows, columns=columns) * np.float32(alone.pixels_per_cell)
    return DrawnPair(
        image=maps.image,
        label=maps.label,
        whole_probability=maps.whole_probability,
        sdfn_probability=maps.sdfn_probability,
        boxes=len(boxes),
        whole=_painted(picture, scale.share(own), boxes=boxes, crop=None),
        sdfn=_painted(picture, scale.share(fused), boxes=boxes, crop=maps.crop_box),
    )


def _on(picture: Picture, one: PlacedMap) -> PlacedMap:
    """The map with its way to the picture's pixels in the place of native ones."""
    return PlacedMap(one.grid, picture.geometry.after(one.geometry))


def _painted(picture: Picture, share: Shares, *, boxes: Sequence[Box], crop: Box | None) -> bytes:
    drawn = paint(to_grey8(picture.pixels), share=share)
    if crop is not None:
        _dashed(drawn, picture.geometry.box(crop))
    for box in boxes:
        corners = _corners(picture.geometry.box(box))
        ImageDraw.Draw(drawn).rectangle(corners, outline=EDGE_COLOUR, width=4)  # seen on the map's yellow too
        ImageDraw.Draw(drawn).rectangle(corners, outline=BOX_COLOUR, width=2)
    return encode_png(np.asarray(drawn))


def _dashed(picture: Image.Image, box: Box) -> None:
    draw = ImageDraw.Draw(picture)
    left, top, right, bottom = _corners(box)
    for x in range(left, right, 2 * _DASH_PX):
        for y in (top, bottom):
            draw.line((x, y, min(x + _DASH_PX, right), y), fill=CROP_COLOUR, width=1)
    for y in range(top, bottom, 2 * _DASH_PX):
        for x in (left, right):
            draw.line((x, y, x, min(y + _DASH_PX, bottom)), fill=CROP_COLOUR, width=1)


def _corners(box: Box) -> tuple[int, int, int, int]:
    left, top = round(box.x), round(box.y)
    return left, top, max(left, round(box.x + box.width) - 1), max(top, round(box.y + box.height) - 1)

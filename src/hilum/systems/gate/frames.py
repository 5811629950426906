"""The frame of a picture: aspect, size, JPEG quality and padding, drawn alike for radiographs and everything else.

Photographs and radiographs differ in all of these, and a gate that sees the frame need not look at the picture. So the
uniform bars of a picture are cut off first; then a picture that is no radiograph gets the aspect of some radiograph;
then size, quality and padding are drawn from one distribution for all.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

Grey = npt.NDArray[np.uint8]
"""uint8 (H, W)."""

Rule = Literal["black", "white", "mean", "edge", "stretch", "cover"]
RULES: tuple[Rule, ...] = ("black", "white", "mean", "edge", "stretch", "cover")
"""Letterboxed and padded with black, white, the mean or the nearest edge; stretched; or covering, cut evenly."""

UNIFORM_LEVELS = 6
"""A row or column whose grey levels (of 255) span no more is a bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """What frames are drawn from.

    `side_px` is the network's input. `shares` are the probabilities of `RULES`. `fill` is the range of the picture's
    size within a letterbox, as a share of it; `size_px` the range of the longer side before the last resize;
    `quality` the range of JPEG qualities.
    """

    side_px: int
    shares: tuple[float, ...] = (0.5, 0.1, 0.1, 0.1, 0.1, 0.1)
    fill: tuple[float, float] = (0.65, 1.0)
    size_px: tuple[int, int] = (80, 256)
    quality: tuple[int, int] = (25, 95)


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame that one picture got: everything about it that is not the picture itself."""

    rule: Rule
    quality: int
    size_px: int
    aspect: float
    fill: float


def trim_bars(grey: Grey) -> Grey:
    """The picture without uniform rows and columns at its edges; a picture that is uniform all over stays."""
    rows = np.ptp(grey, axis=1) > UNIFORM_LEVELS
    columns = np.ptp(grey, axis=0) > UNIFORM_LEVELS
    if not rows.any() or not columns.any():
        return grey
    top, left = int(np.argmax(rows)), int(np.argmax(columns))
    bottom, right = len(rows) - int(np.argmax(rows[::-1])), len(columns) - int(np.argmax(columns[::-1]))
    return grey[top:bottom, left:right]


def crop_to_aspect(grey: Grey, *, aspect: float, rng: np.random.Generator) -> Grey:
    """The largest window of width / height = `aspect`, at a random place along the axis that is cut."""
    rows, columns = grey.shape
    width = min(columns, max(8, round(rows * aspect)))
    height = min(rows, max(8, round(columns / aspect)))
    left, top = int(rng.integers(0, columns - width + 1)), int(rng.integers(0, rows - height + 1))
    return grey[top : top + height, left : left + width]


def draw_frame(
    grey: Grey, *, framing: Framing, rng: np.random.Generator, rule: Rule | None = None
) -> tuple[Grey, Frame]:
    """The picture (H, W) in a random frame, `side_px` square, and what the frame is; `rule` fixes the padding."""
    drawn: Rule = RULES[int(rng.choice(len(RULES), p=framing.shares))]
    chosen = drawn if rule is None else rule
    size_px = int(rng.integers(framing.size_px[0], framing.size_px[1] + 1))
    quality = int(rng.integers(framing.quality[0], framing.quality[1] + 1))
    fill = float(rng.uniform(*framing.fill)) if rng.random() < 0.5 else 1.0
    picture = Image.fromarray(np.ascontiguousarray(grey))
    aspect = picture.width / picture.height
    scale = size_px / max(picture.size)
    small = picture.resize(
        (max(8, round(picture.width * scale)), max(8, round(picture.height * scale))), Image.Resampling.BILINEAR
    )
    framed = place(through_jpeg(small, quality=quality), rule=chosen, side_px=framing.side_px, fill=fill)
    return framed, Frame(chosen, quality, size_px, aspect, fill)


def place(picture: Image.Image, *, rule: Rule, side_px: int, fill: float) -> Grey:
    """The picture on a square of `side_px`; a letterbox is filled to the share `fill`."""
    if rule == "stretch":
        return np.asarray(picture.resize((side_px, side_px), Image.Resampling.BILINEAR))
    ratios = side_px / picture.width, side_px / picture.height
    ratio = max(ratios) if rule == "cover" else min(ratios) * fill
    width, height = (min(max(4, round(side * ratio)), 8 * side_px) for side in picture.size)
    resized = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
    if rule == "cover":
        top, left = (height - side_px) // 2, (width - side_px) // 2
        return resized[max(0, top) : max(0, top) + side_px, max(0, left) : max(0, left) + side_px]
    top, left = (side_px - height) // 2, (side_px - width) // 2
    room = ((top, side_px - height - top), (left, side_px - width - left))
    if rule == "edge":
        return np.pad(resized, room, mode="edge")
    value = {"black": 0, "white": 255, "mean": int(resized.mean())}[rule]
    return np.pad(resized, room, constant_values=value)


def through_jpeg(picture: Image.Image, *, quality: int) -> Image.Image:
    """The picture after one compression."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    buffer.seek(0)
    return Image.open(buffer)


def mask_frame(grey: Grey) -> Grey:
    """The square picture with a frame of mid grey, a twentieth of the side wide at each edge."""
    edge = round(grey.shape[0] / 20)
    masked = np.full_like(grey, 128)
    masked[edge:-edge, edge:-edge] = grey[edge:-edge, edge:-edge]
    return masked

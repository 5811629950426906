"""One fixed colour scale for heatmaps: the same colour means the same contribution on every image.

A class map's natural unit is logit contribution (its cells sum to the logit minus the bias). Stretching each map to its
own range would make a healthy chest glow, so the scale never looks at the image. It ends at `TOP_LOGITS` divided by the
number of grid cells: a colour then stands for logits per share of the picture read, whether a network's grid has 7 x 7
or 14 x 14 cells. Contributions above the end take the last colour, and every scale says so; contributions at or below
zero are transparent.

The colours are the upper three quarters of matplotlib's inferno (Smith and van der Walt 2015, CC0): lightness rises
evenly, so that the order can be read without telling hues apart, and all of it stands out from grey.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.reading_result import Heatmap

TOP_LOGITS = 16.0
"""Logits that a map would add if every one of its cells had the last colour.

Chosen on training images of the paediatric specialist, so that pneumonia uses the scale and a healthy chest stays grey.
"""

OPACITY = 0.75
"""How much the last colour covers of the radiograph; below it, opacity falls in proportion to the contribution."""

_ANCHORS = (
    (87, 16, 110), (113, 25, 110), (138, 34, 106), (163, 44, 97), (188, 55, 84), (210, 70, 68), (228, 90, 49),
    (241, 115, 29), (249, 142, 9), (252, 172, 17), (249, 203, 53), (242, 234, 105), (252, 255, 164),
)  # fmt: skip


def _table() -> npt.NDArray[np.uint8]:
    anchors = np.asarray(_ANCHORS, np.float64)
    at = np.linspace(0.0, 1.0, len(anchors))
    colours = np.stack([np.interp(np.linspace(0.0, 1.0, 256), at, anchors[:, c]) for c in range(3)], axis=1)
    table = np.rint(colours).astype(np.uint8)
    table.setflags(write=False)
    return table


COLOURS = _table()
"""uint8 (256, 3), sRGB: entry `round(255 * share)` is the colour of that share of the scale."""


@dataclass(frozen=True, slots=True)
class ContributionScale:
    """The scale of a heatmap whose grid has `cells_high` by `cells_wide` cells.

    A map `by_occlusion` has the same scale as a class map, since both are in logits a cell; its unit says what it is.
    """

    cells_high: int
    cells_wide: int
    by_occlusion: bool = False

    @staticmethod
    def of(heatmap: Heatmap) -> ContributionScale:
        """The scale of one heatmap."""
        high, wide = heatmap.grid.shape
        return ContributionScale(high, wide, by_occlusion=heatmap.by_occlusion)

    @property
    def top(self) -> float:
        """The logit contribution of one cell at which the scale ends."""
        return TOP_LOGITS / (self.cells_high * self.cells_wide)

    def share(self, contribution: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Contributions in logits per cell, any shape, as shares of the scale in [0, 1]; negative ones are 0."""
        shares = np.asarray(contribution / np.float32(self.top), np.float32)
        return np.clip(shares, np.float32(0), np.float32(1), out=shares)

    @property
    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Share and label of each number on the scale; the last one says that larger values are clipped."""
        return (0.0, "0"), (0.5, f"{self.top / 2:.3g}"), (1.0, f">={self.top:.3g}")

    @property
    def unit(self) -> str:
        """The unit as it stands beside the scale."""
        what = "fall of the logit per hidden cell" if self.by_occlusion else "logit contribution per cell"
        return f"{what} ({self.cells_wide} x {self.cells_high} cells)"

    @property
    def note(self) -> str:
        """What to know of the colours beside their unit, as sentences."""
        if self.by_occlusion:
            return (
                "By occlusion: what the logit falls by where a square of the picture is hidden. The cells do not add "
                "up to the logit. Larger values take the last colour, zero and below is clear."
            )
        return (
            "The same colour means the same contribution on every image; larger values take the last colour, zero and "
            "below is clear."
        )


@cache
def _painted() -> npt.NDArray[np.uint8]:
    """uint8 (256 * 256, 4): entry `256 * share + grey` is that grey under the colour of that share, both 0 to 255.

    The fourth byte is empty: entries of four bytes are looked up several times as fast as those of three.
    """
    share, grey = np.mgrid[0:256, 0:256].astype(np.float32).reshape(2, -1, 1)
    colour = COLOURS[share[:, 0].astype(np.uint8)].astype(np.float32)
    painted = np.rint(grey + (colour - grey) * (share / np.float32(255) * np.float32(OPACITY)))
    table = np.concatenate([painted, np.zeros_like(share)], axis=1).astype(np.uint8)
    table.setflags(write=False)
    return table


def paint(grey: npt.NDArray[np.uint8], *, share: npt.NDArray[np.float32]) -> Image.Image:
    """A grey picture (H, W) under the colours of `share` (H, W) in [0, 1], in RGB (sRGB).

    Shares are taken in steps of 1/255, so that a table of all colours over all greys does it.
    """
    levels = share * np.float32(255)
    at = np.rint(levels, out=levels).astype(np.uint16)
    at <<= 8
    at |= grey
    painted = _painted().view(np.uint32)[:, 0].take(at)
    return Image.frombytes("RGB", (grey.shape[1], grey.shape[0]), painted, "raw", "RGBX")

"""A small grey picture of a radiograph for lists."""

from __future__ import annotations

from hilum.radiograph import Pixels
from hilum.report.windowing import encode_png, fit, to_grey8

LONGEST_SIDE = 96


def thumbnail_png(pixels: Pixels, *, longest_side: int = LONGEST_SIDE) -> bytes:
    """The radiograph (H, W) in [0, 1] as a grey PNG of at most `longest_side` pixels, aspect kept."""
    return encode_png(to_grey8(fit(pixels, longest_side=longest_side).pixels))

"""Square pixels: where rows and columns lie unequally far apart, the wider spaced axis is resampled."""

from __future__ import annotations

import numpy as np
from PIL import Image

from hilum.radiograph import Pixels

TOLERANCE = 0.01
"""Spacings that differ by less count as equal: calibration gives such pairs, and no picture looks distorted."""

MOST = 4.0
"""The largest ratio that is believed; beyond it the tag is wrong, or the picture is no radiograph."""


def is_square(ratio: float) -> bool:
    """Whether a ratio of row spacing to column spacing counts as one."""
    return max(ratio, 1 / ratio) < 1 + TOLERANCE


def square_shape(rows: int, columns: int, *, ratio: float) -> tuple[int, int]:
    """Rows and columns of the same picture with square pixels; the closer spaced axis keeps its pixels."""
    if ratio > 1:
        return max(1, round(rows * ratio)), columns
    return rows, max(1, round(columns / ratio))


def with_square_pixels(pixels: Pixels, *, ratio: float) -> Pixels:
    """Pixels (H, W) whose rows lie `ratio` times as far apart as their columns, resampled bilinearly, edge to edge."""
    rows, columns = square_shape(*pixels.shape, ratio=ratio)
    image = Image.fromarray(pixels).resize((columns, rows), Image.Resampling.BILINEAR)
    return np.clip(np.asarray(image, np.float32), 0.0, 1.0)

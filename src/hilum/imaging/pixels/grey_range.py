"""The one rule on grey ranges: a picture that uses less than a quarter of its declared range is stretched over it.

What a file declares (bits, window or lookup table) maps its samples to [0, 1]. Where almost all pixels then lie close
together, the declaration does not fit them: 12 bits written as 16, a lookup table that ends far below its depth, an
export washed out to white. Such a picture is stretched, with a warning; every other one stays as it is, bit for bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hilum.radiograph import Pixels, TrailStep

NARROW = 0.25
"""A picture is stretched below this span of grey. Of 13,504 pictures that this was tried on, the 12 below it all come
from one release of badly exported films; the next has 0.28."""

TAIL = 0.005
"""This share of the pixels may lie below the span, and as much above it: markers, noise, a few dead pixels."""

LEAST_SHARE = 0.1
"""Pixels at the very ends of the range (blank borders, burned-in marks) do not count; so many others must be left."""

BORDER = 0.05
"""Borders and marks lie this close to an end of the range where they do not lie at it, as lossy compression has it. On
13,197 pictures this adds three to those that are stretched, of the same release as the others."""

LEAST_SHARE_WITHIN = 0.5
"""So many of the pixels must be left without such borders, else it is no border."""

LEAST_LEVELS = 8
"""A picture of fewer grey levels than this holds nothing that stretching could show; 12 bits cut down to 8 leave 16."""

NEAR = 0.25
"""An end of the range no further from the span than this share of the span is kept as the end: black stays black."""

_SAMPLES = 16_384
_BINS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class RangedPicture:
    """Pixels float32 (H, W) in [0, 1], stretched or as they came, with the step and the warning where stretched."""

    pixels: Pixels
    trail: tuple[TrailStep, ...] = ()
    warnings: tuple[str, ...] = ()


def fill_range(pixels: Pixels, *, declared: str) -> RangedPicture:
    """Stretch the pixels over [0, 1] where they use less than a quarter of it; `declared` names what declared it."""
    span = narrow_span(pixels)
    if span is None:
        return RangedPicture(pixels)
    low, high = _with_near_ends(*span)
    stretched = np.clip((pixels - np.float32(low)) / np.float32(high - low), 0, 1)
    step = TrailStep("stretch", f"grey {low:.4f} to {high:.4f} to 0 and 1, since the picture uses no more ({declared})")
    warning = (
        f"but for borders and marks, all pixels lie between {span[0]:.3f} and {span[1]:.3f} of the grey range "
        f"({declared}): they were stretched over the whole range"
    )
    return RangedPicture(np.asarray(stretched, np.float32), (step,), (warning,))


def _with_near_ends(low: float, high: float) -> tuple[float, float]:
    """The span that is stretched: it keeps black as black, or white as white, where that lies close to it."""
    near = NEAR * (high - low)
    return (0.0 if low < near else low), (1.0 if 1 - high < near else high)


def narrow_span(pixels: Pixels) -> tuple[float, float] | None:
    """The grey between which all but two tails of 0.5% lie, or None where that is a quarter of [0, 1] or more.

    Blank borders and burned-in marks are left out. It is measured on every n-th row and column, on at most about 16,384
    pixels: it is asked of every picture.
    """
    stride = math.ceil(math.sqrt(pixels.size / _SAMPLES))
    sample = pixels[::stride, ::stride].ravel()
    inner = sample[(sample > 0) & (sample < 1)]
    if inner.size == 0 or inner.size < LEAST_SHARE * sample.size:
        return None
    found = _span(inner)
    return _between_borders(inner, of=sample.size) if found is None else found


def _between_borders(inner: Pixels, *, of: int) -> tuple[float, float] | None:
    """The narrow span of pixels (n,) without those near an end, or near both; `of` so many that were sampled.

    Counts in a thousand bins tell at once that nearly every picture has none.
    """
    below = np.concatenate(([0], np.cumsum(np.bincount((inner * _BINS).astype(np.intp), minlength=_BINS + 1))))
    for low, high in ((BORDER, 1.0), (0.0, 1 - BORDER), (BORDER, 1 - BORDER)):
        first, last = int(below[round(low * _BINS)]), int(below[round(high * _BINS) + 1])
        tail = TAIL * (last - first)
        ends = np.searchsorted(below, (first + tail, last - tail))
        if last - first < LEAST_SHARE_WITHIN * of or ends[1] - ends[0] > NARROW * _BINS + 2:
            continue
        found = _span(inner[(inner >= low) & (inner <= high)])
        if found is not None:
            return found
    return None


def _span(inner: Pixels) -> tuple[float, float] | None:
    """The ends of pixels (n,) without their tails, where they lie close together and are a picture."""
    last = inner.size - 1
    ranks = int(TAIL * last), last - int(TAIL * last)
    parted = np.partition(inner, ranks)
    low, high = float(parted[ranks[0]]), float(parted[ranks[1]])
    if not 0 < high - low < NARROW or np.unique(inner).size < LEAST_LEVELS:
        return None
    return low, high

"""Rules from a drawn mask to the box that is cropped (SDFN, Liu et al. 2019, section 2.2.2).

(a) Of more than two regions, the two whose centroids are nearest the centre of the image are kept.
(b) Of two regions, where the smaller has less than a third of the larger's area, the smaller is dropped and the larger
    is mirrored about the vertical centre line.
(c) The bounding box of what is left is widened by 15 pixels at the top, left and right and by 20 at the bottom, on a
    mask of 256 x 256; on another grid the margins scale with it.

The paper does not speak of a single region. Here one that lies across the centre line is kept as it is (two lungs drawn
as one), one that lies on one side is mirrored as in (b), and without any the box is the whole image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from hilum.errors import UsageError
from hilum.explain.components import labelled_components
from hilum.geometry import Box

Mask = npt.NDArray[np.bool_]
LungFlag = Literal[
    "no lung",
    "more than two regions",
    "mirrored",
    "one region",
    "touches the border",
    "tiny image",
    "lateral view",
    "turned",
    "child",
    "sides not named",
]

PAPER_GRID = 256
MARGIN, MARGIN_BOTTOM = 15, 20
SMALLER_SHARE = 1 / 3
SPECK_SHARE = 0.01
"""Components below this share of the grid (656 of 65,536 pixels) are pieces of a drawing and no regions: one behind the
heart lies nearer the centre than a lung and would take its place under rule (a)."""


@dataclass(frozen=True, slots=True, eq=False)
class LungRegions:
    """What the rules make of a mask bool (H, W), all on its grid.

    `kept` is the mask after rule (a), never mirrored, and `dropped` what else was drawn. `boxed` is what shaped `box`,
    which is widened and cut to the grid. `count` is how many regions were drawn.
    """

    kept: Mask
    dropped: Mask
    boxed: Mask
    box: Box
    count: int
    flags: tuple[LungFlag, ...]


def lung_regions(mask: Mask, *, speck_share: float = SPECK_SHARE) -> LungRegions:
    """Apply the rules to a mask bool (H, W)."""
    regions = _regions(mask, smallest=speck_share * mask.size)
    kept = regions if len(regions) <= 2 else sorted(regions, key=_from_centre)[:2]
    left = _dropped_smaller(kept)
    mirrored = len(left) == 1 and (len(kept) == 2 or not _across_centre(left[0]))
    drawn = _union(kept, shape=mask.shape)
    boxed = _union(left, shape=mask.shape)
    boxed = boxed | boxed[:, ::-1] if mirrored else boxed
    named: tuple[tuple[LungFlag, bool], ...] = (
        ("no lung", not regions),
        ("more than two regions", len(regions) > 2),
        ("one region", len(regions) == 1),
        ("mirrored", mirrored),
        ("touches the border", _touches_border(drawn)),
    )
    flags = tuple(flag for flag, there in named if there)
    return LungRegions(drawn, mask & ~drawn, boxed, widened_box(boxed), len(regions), flags)


def widened_box(mask: Mask) -> Box:
    """Rule (c): the widened bounding box of a mask bool (H, W) on its grid; the whole grid for an empty mask."""
    rows, columns = mask.shape
    if not mask.any():
        return Box(0.0, 0.0, float(columns), float(rows))
    drawn_rows, drawn_columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    down, across = rows / PAPER_GRID, columns / PAPER_GRID
    top, left = float(drawn_rows[0]) - MARGIN * down, float(drawn_columns[0]) - MARGIN * across
    bottom = float(drawn_rows[-1]) + 1 + MARGIN_BOTTOM * down
    right = float(drawn_columns[-1]) + 1 + MARGIN * across
    return Box(left, top, right - left, bottom - top).clipped(width=columns, height=rows)


def _regions(mask: Mask, *, smallest: float) -> list[Mask]:
    if mask.ndim != 2 or mask.dtype != np.bool_ or mask.size == 0:
        raise UsageError(f"a mask must be bool (H, W), not {mask.dtype} {mask.shape}")
    numbers, count = labelled_components(mask)
    sizes = np.bincount(numbers.ravel(), minlength=count + 1)
    return [numbers == number for number in range(1, count + 1) if sizes[number] >= smallest]


def _from_centre(region: Mask) -> float:
    rows, columns = np.nonzero(region)
    height, width = region.shape
    return float(np.hypot(rows.mean() + 0.5 - height / 2, columns.mean() + 0.5 - width / 2))


def _dropped_smaller(kept: list[Mask]) -> list[Mask]:
    """Rule (b)'s first half."""
    if len(kept) != 2:
        return kept
    smaller, larger = sorted(kept, key=np.count_nonzero)
    return [larger] if np.count_nonzero(smaller) < SMALLER_SHARE * np.count_nonzero(larger) else kept


def _across_centre(region: Mask) -> bool:
    """Whether the part on one side of the centre line has at least a third of the other's area, as two lungs have."""
    half = region.shape[1] // 2
    first, second = np.count_nonzero(region[:, :half]), np.count_nonzero(region[:, -half:] if half else region)
    return bool(min(first, second) >= SMALLER_SHARE * max(first, second))


def _union(regions: list[Mask], *, shape: tuple[int, ...]) -> Mask:
    out = np.zeros(shape, np.bool_)
    for region in regions:
        out |= region
    return out


def _touches_border(mask: Mask) -> bool:
    return bool(mask[[0, -1]].any() or mask[:, [0, -1]].any())

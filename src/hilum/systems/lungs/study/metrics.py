"""How well a mask fits an annotated one: overlap, distances of outlines, and what a box holds of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage  # type: ignore[import-untyped]
from scipy.spatial import cKDTree  # type: ignore[import-untyped]

from hilum.errors import UsageError
from hilum.geometry import Box

Mask = npt.NDArray[np.bool_]
HD_PERCENTILE = 95


@dataclass(frozen=True, slots=True)
class SurfaceDistances:
    """In percent of the image's diagonal: `average` over the pixels of both outlines, and the 95% Hausdorff distance.

    The latter is the larger of both directions' 95th percentiles. Where one mask is empty both are 100.
    """

    average: float
    hausdorff_95: float


def dice(drawn: Mask, *, truth: Mask) -> float:
    """2 |A and B| / (|A| + |B|), in [0, 1]; 1 where both are empty."""
    both, total = _counted(drawn, truth)
    return 2 * both / total if total else 1.0


def iou(drawn: Mask, *, truth: Mask) -> float:
    """|A and B| / |A or B|, in [0, 1]; 1 where both are empty."""
    both, total = _counted(drawn, truth)
    return both / (total - both) if total else 1.0


def surface_distances(drawn: Mask, *, truth: Mask) -> SurfaceDistances:
    """Distances between the outlines of two masks bool (H, W), with square pixels.

    The outline is the pixels of a mask that touch another pixel or the image's edge along a side.
    """
    _counted(drawn, truth)
    if not drawn.any() or not truth.any():
        same = drawn.any() == truth.any()
        return SurfaceDistances(0.0 if same else 100.0, 0.0 if same else 100.0)
    first, second = _outline(drawn), _outline(truth)
    there, back = _to_nearest(first, of=second), _to_nearest(second, of=first)
    percent = 100 / float(np.hypot(*drawn.shape))
    hausdorff = max(float(np.percentile(there, HD_PERCENTILE)), float(np.percentile(back, HD_PERCENTILE)))
    average = (float(there.sum()) + float(back.sum())) / (there.size + back.size)
    return SurfaceDistances(average * percent, hausdorff * percent)


def contained(box: Box, *, truth: Mask) -> float:
    """The share of an annotated mask's pixels whose centres lie in a box of native pixels; the mask is not empty."""
    rows, columns = np.nonzero(truth)
    if rows.size == 0:
        raise UsageError("The annotated mask of the lungs is empty")
    inside = (columns + 0.5 >= box.x) & (columns + 0.5 <= box.x + box.width)
    inside &= (rows + 0.5 >= box.y) & (rows + 0.5 <= box.y + box.height)
    return float(inside.mean())


def _to_nearest(outline: Mask, *, of: Mask) -> npt.NDArray[np.float64]:
    """The distance of each pixel of an outline to the nearest of another: outlines are short, a tree is quick."""
    distances, _ = cKDTree(np.argwhere(of)).query(np.argwhere(outline))
    return np.asarray(distances, np.float64)


def heart_to_thorax(heart: Mask, *, fields: Mask) -> float | None:
    """The cardiothoracic ratio of two masks: the columns that the heart spans over those that both fields span.

    None where one of them is empty.
    """
    _counted(heart, fields)
    widths = [np.flatnonzero(mask.any(axis=0)) for mask in (heart, fields)]
    if any(width.size == 0 for width in widths):
        return None
    across, thorax = (int(width[-1] - width[0]) + 1 for width in widths)
    return across / thorax


def _outline(mask: Mask) -> Mask:
    return np.asarray(mask & ~ndimage.binary_erosion(mask), np.bool_)


def _counted(drawn: Mask, truth: Mask) -> tuple[int, int]:
    if drawn.shape != truth.shape or drawn.ndim != 2 or drawn.dtype != np.bool_ or truth.dtype != np.bool_:
        raise UsageError(
            f"Both masks must be bool and of one shape (H, W); they are {drawn.dtype} {drawn.shape} and {truth.dtype} "
            f"{truth.shape}"
        )
    return int(np.count_nonzero(drawn & truth)), int(np.count_nonzero(drawn)) + int(np.count_nonzero(truth))

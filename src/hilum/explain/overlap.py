"""How a box meets the boxes that somebody drew: intersection over union, and over the box itself.

IoU is the Jaccard index. IoBB is the intersection over the area of the detected box (Wang et al. 2017, section 4.3): it
asks whether what was marked lies on the disease, not whether all of the disease was marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hilum.geometry import Box


@dataclass(frozen=True, slots=True)
class Overlap:
    """IoU and IoBB, both in [0, 1], each with the drawn box that gives the highest."""

    iou: float
    iobb: float


NOTHING_FOUND = Overlap(0.0, 0.0)
"""What a map without a box is worth: a miss."""


def overlap(found: Box | None, *, drawn: Sequence[Box]) -> Overlap:
    """How `found` meets the `drawn` boxes, all in the same pixels; nothing where there is no box or it has no area."""
    if found is None or found.width <= 0 or found.height <= 0 or not drawn:
        return NOTHING_FOUND
    area = found.width * found.height
    shared = [_shared(found, box) for box in drawn]
    unions = [area + box.width * box.height - both for box, both in zip(drawn, shared, strict=True)]
    iou = max(both / union for both, union in zip(shared, unions, strict=True))
    return Overlap(min(iou, 1.0), min(max(shared) / area, 1.0))


def _shared(first: Box, second: Box) -> float:
    """The area that two boxes share."""
    wide = min(first.x + first.width, second.x + second.width) - max(first.x, second.x)
    high = min(first.y + first.height, second.y + second.height) - max(first.y, second.y)
    return max(wide, 0.0) * max(high, 0.0)

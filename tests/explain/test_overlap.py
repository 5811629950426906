"""IoU and IoBB on boxes whose areas can be worked out by hand."""

import pytest

from hilum.explain.overlap import NOTHING_FOUND, overlap
from hilum.geometry import Box

LEFT = Box(0.0, 0.0, 4.0, 4.0)


@pytest.mark.parametrize(
    ("found", "drawn", "iou", "iobb"),
    [
        (LEFT, [LEFT], 1.0, 1.0),
        (Box(2.0, 0.0, 4.0, 4.0), [LEFT], 8 / 24, 0.5),
        (Box(1.0, 1.0, 2.0, 2.0), [LEFT], 4 / 16, 1.0),  # inside: small, and all of it on the lesion
        (Box(4.0, 0.0, 4.0, 4.0), [LEFT], 0.0, 0.0),  # they touch
        (Box(2.0, 0.0, 4.0, 4.0), [LEFT, Box(3.0, 0.0, 3.0, 4.0)], 12 / 16, 0.75),  # the better of two
        (LEFT, [], 0.0, 0.0),
        (None, [LEFT], 0.0, 0.0),
        (Box(1.0, 1.0, 0.0, 2.0), [LEFT], 0.0, 0.0),
    ],
)
def test_overlaps_by_hand(found: Box | None, drawn: list[Box], iou: float, iobb: float) -> None:
    came = overlap(found, drawn=drawn)
    assert (came.iou, came.iobb) == pytest.approx((iou, iobb))


def test_iou_is_symmetric_and_iobb_is_not() -> None:
    big = Box(0.0, 0.0, 8.0, 4.0)
    assert overlap(big, drawn=[LEFT]).iou == overlap(LEFT, drawn=[big]).iou == 0.5
    assert (overlap(big, drawn=[LEFT]).iobb, overlap(LEFT, drawn=[big]).iobb) == (0.5, 1.0)
    assert NOTHING_FOUND.iou == 0.0

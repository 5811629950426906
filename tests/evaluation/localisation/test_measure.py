"""What maps have in boxes, on values worked out by hand."""

import numpy as np
import pytest

from fabricate_boxes import LEFT, RIGHT, boxed_case
from hilum.evaluation.localisation.average_box import average_box
from hilum.evaluation.localisation.measure import (
    AVERAGE,
    EVEN,
    AverageBoxes,
    Measured,
    map_box,
    measure_case,
    measure_map,
)
from hilum.explain.fused_map import PlacedMap
from hilum.geometry import Box, Geometry

CASES = [boxed_case(0, fold="fold 0", box=LEFT), boxed_case(1, fold="fold 1", box=RIGHT)]
HALVES = Geometry(24.0, 60.0, 0.0, 0.0)


def halves(left: float, right: float) -> PlacedMap:
    return PlacedMap(np.array([[left, right]], np.float32), HALVES)


def measured(maps: dict[str, PlacedMap]) -> dict[str, Measured]:
    averages = AverageBoxes(CASES)
    found = measure_case(CASES[0], maps=maps, averages=averages, rows=60, columns=48, thresholds=(0.7,))
    return {one.by: one for one in found}


def test_maps_are_counted_beside_what_knows_no_picture() -> None:
    """The box is the left half; one map has its maximum there and all its mass, one has neither."""
    found = measured({"good": halves(1.0, -9.0), "bad": halves(-9.0, 1.0)})
    assert list(found) == ["good", "bad", AVERAGE, EVEN]
    assert (found["good"].maximum, found["good"].mass) == (1.0, 1.0)
    assert (found["bad"].maximum, found["bad"].mass) == (0.0, 0.0)
    assert found[AVERAGE].maximum == 0.0, "the other child's box is the right half"
    assert found[AVERAGE].overlaps[0.7].iou == pytest.approx(0.0, abs=0.05)
    assert (found[EVEN].maximum, found[EVEN].mass) == (0.5, 0.5)
    assert (found[EVEN].overlaps[0.7].iou, found[EVEN].overlaps[0.7].iobb) == (0.5, 0.5), "its box is the picture"


def test_the_box_of_a_map_falls_where_the_map_does() -> None:
    """Between the centres of the two cells the map falls from 1 to 0 linearly: 0.7 is reached 0.3 cells on, at 19.2."""
    box = map_box(halves(1.0, 0.0), threshold=0.7, rows=60, columns=48)
    assert box is not None
    assert (box.x, box.y, box.height) == (0.0, 0.0, pytest.approx(60.0))
    assert box.width == pytest.approx(19.2, abs=24 / 9)
    overlap = measured({"good": halves(1.0, 0.0)})["good"].overlaps[0.7]
    assert overlap.iou == pytest.approx(box.width / 24.0)
    assert overlap.iobb == 1.0


@pytest.mark.parametrize("value", [0.0, -1.0, 2.0])
def test_a_constant_map_points_nowhere(value: float) -> None:
    found = measured({"flat": halves(value, value)})["flat"]
    assert (found.pointless, found.maximum, found.overlaps[0.7].iou) == (True, 0.0, 0.0)
    assert found.mass == pytest.approx(0.5 if value > 0 else 0.0), "its mass lies where it lies"


def test_a_map_whose_box_lies_outside_the_picture_has_none() -> None:
    """Padding that a network looked at is no part of the picture."""
    outside = PlacedMap(np.array([[0.0, 1.0]], np.float32), Geometry(24.0, 60.0, 40.0, 0.0))
    assert map_box(outside, threshold=0.9, rows=60, columns=48) is None
    reaching = measure_map(
        CASES[1],
        by="it",
        placed=PlacedMap(np.ones((2, 2), np.float32) * [[0, 9], [0, 9]], Geometry(24.0, 30.0, 12.0, 0.0)),
        rows=60,
        columns=48,
        thresholds=(0.9,),
    )
    assert 0 < reaching.overlaps[0.9].iobb <= 1.0, "cut to the picture"


def test_an_average_box_is_made_once_for_each_label_and_fold() -> None:
    averages = AverageBoxes(CASES)
    first = averages.of(CASES[0], rows=60, columns=48)
    assert first.grid is averages.of(CASES[0], rows=30, columns=24).grid
    np.testing.assert_array_equal(first.grid, average_box(CASES, label="Other opacity", without="fold 0").grid)
    assert map_box(first, threshold=0.5, rows=60, columns=48) == Box(24.0, 0.0, 24.0, 60.0)

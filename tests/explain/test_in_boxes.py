import numpy as np
import pytest

from hilum.explain.fused_map import PlacedMap
from hilum.explain.in_boxes import boxes_mask, mass_in_boxes, maximum_in_boxes
from hilum.geometry import Box, Geometry

GEOMETRY = Geometry(10.0, 20.0, 5.0, 0.0)
"""Cells of 10 by 20 pixels, the first of which begins 5 pixels from the left."""


def placed(grid: list[list[float]]) -> PlacedMap:
    return PlacedMap(np.array(grid, np.float32), GEOMETRY)


def test_a_mask_has_the_pixels_whose_centres_lie_in_a_box() -> None:
    mask = boxes_mask([Box(1.0, 0.0, 2.0, 1.4), Box(3.6, 2.0, 9.0, 9.0)], rows=3, columns=5)
    assert mask.astype(int).tolist() == [[0, 1, 1, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1]]


@pytest.mark.parametrize(
    ("box", "hit"),
    [
        (Box(15.0, 20.0, 10.0, 20.0), True),  # the cell itself
        (Box(20.0, 30.0, 1.0, 1.0), True),  # its centre
        (Box(20.1, 30.0, 5.0, 5.0), False),
        (Box(0.0, 0.0, 15.0, 40.0), False),
    ],
)
def test_the_maximum_is_the_centre_of_the_highest_cell(box: Box, hit: bool) -> None:
    one = placed([[0.1, 0.2], [-5.0, 0.9]])
    assert maximum_in_boxes(one, boxes=[box]) is hit
    assert maximum_in_boxes(one, boxes=[Box(0.0, 0.0, 1.0, 1.0), box]) is hit
    assert not maximum_in_boxes(one, boxes=[])


def test_a_map_that_is_nowhere_positive_has_nothing_in_any_box() -> None:
    one, everywhere = placed([[-1.0, -2.0], [0.0, -0.5]]), Box(0.0, 0.0, 25.0, 40.0)
    assert not maximum_in_boxes(one, boxes=[everywhere])
    assert mass_in_boxes(one, inside=boxes_mask([everywhere], rows=40, columns=25)) == 0.0


def test_the_mass_of_an_even_map_is_the_share_of_what_the_network_saw() -> None:
    even = placed([[2.0, 2.0], [2.0, 2.0]])  # columns 5 to 25 of 30
    inside = boxes_mask([Box(0.0, 0.0, 15.0, 10.0)], rows=40, columns=30)
    assert mass_in_boxes(even, inside=inside) == pytest.approx(10 * 10 / (20 * 40))


def test_what_speaks_against_the_label_is_no_mass() -> None:
    """Three cells in a row, one positive: the mass lies in it and in half of its neighbour, as far as it is above 0."""
    one = PlacedMap(np.array([[-1.0, 1.0, -1.0]], np.float32), Geometry(100.0, 1.0, 0.0, 0.0))
    left = boxes_mask([Box(0.0, 0.0, 150.0, 1.0)], rows=1, columns=300)
    middle = boxes_mask([Box(125.0, 0.0, 50.0, 1.0)], rows=1, columns=300)
    assert mass_in_boxes(one, inside=left) == pytest.approx(0.5)
    # a triangle from 100 to 200 with its top at 150: its middle half holds three quarters
    assert mass_in_boxes(one, inside=middle) == pytest.approx(0.75, abs=1e-3)

"""Names of boxes on a picture."""

import numpy as np
import pytest
from PIL import Image

from hilum.geometry import Box
from hilum.report.box_names import draw_box_names

GREY = (90, 90, 90)


def names_at(*named, size=(400, 500)):
    """Where names were written: bool (rows, columns)."""
    picture = Image.new("RGB", size, GREY)
    draw_box_names(picture, named=named)
    return (np.asarray(picture) != GREY).any(axis=2)


def bounds(changed):
    rows, columns = np.nonzero(changed)
    return rows.min(), rows.max() + 1, columns.min(), columns.max() + 1


def test_a_name_stands_above_its_box_and_begins_with_it():
    top, bottom, left, right = bounds(names_at(("Pneumonia", Box(100, 200, 80, 90))))
    assert (bottom, left) == (200, 100)
    assert 10 <= bottom - top <= 20
    assert right < 200


def test_names_of_two_boxes_in_one_place_are_both_read():
    box = Box(100, 200, 80, 90)
    one, two = names_at(("Effusion", box)), names_at(("Effusion", box), ("Cardiomegaly", box))
    assert bounds(two)[0] == 2 * bounds(one)[0] - 200  # the second above the first
    assert bounds(two)[1] == 200


def test_under_the_upper_edge_it_stands_in_the_box():
    box = Box(100, 2, 80, 90)
    top, bottom, *_ = bounds(names_at(("Effusion", box), ("Cardiomegaly", box)))
    assert top > 2
    assert bottom < 50


@pytest.mark.parametrize("box", [Box(390, 300, 10, 10), Box(-50, -50, 10, 10), Box(900, 900, 5, 5)])
def test_it_stays_on_the_picture(box):
    changed = names_at(("Enlarged cardiomediastinum", box))
    assert changed.any()
    assert bounds(changed)[3] <= 400


@pytest.mark.parametrize(("size", "rows"), [((1, 1), (0, 1)), ((3, 700), (5, 47)), ((700, 3), (0, 3))])
def test_on_a_picture_that_has_no_room_names_stand_as_far_as_there_is_any(size, rows):
    top, bottom, left, right = bounds(
        names_at(("Pneumonia", Box(0, 0, 3, 3)), ("Effusion", Box(0, 0, 3, 3)), size=size)
    )
    assert (top, bottom) == rows
    assert left == 0 < right <= size[0]

"""Lungs and heart as masks, from planes that were drawn by hand."""

import numpy as np

from hilum.geometry import Box, Geometry
from hilum.reading_result import LungMap, LungSides, LungVerdict, ModelRef
from hilum.results.masks import lung_masks

VERDICT = LungVerdict(Box(0, 0, 8, 8), False, 0.5, 0.5, None, None, (), "a reason", ModelRef("m", "1", "0"))


def halves() -> LungSides:
    right = np.zeros((4, 4), np.float32)
    right[:, :2] = 1
    return LungSides(right, 1 - right)


def test_masks_lie_where_the_planes_do() -> None:
    """Cells of 2 x 2 pixels; the level 0.5 lies on the edge between two cells of 1 and 0."""
    heart = np.zeros((4, 4), np.float32)
    heart[1:3, 1:3] = 1
    drawn = LungMap(level=0.5, geometry=Geometry(2, 2, 0, 0), field=halves(), heart=heart)
    masks = lung_masks(drawn, verdict=VERDICT, rows=8, columns=8)
    assert masks is not None
    expected = np.zeros((8, 8), bool)
    expected[:, :4] = True
    np.testing.assert_array_equal(masks.right, expected)
    np.testing.assert_array_equal(masks.left, ~expected)
    assert masks.heart is not None
    assert masks.heart[3:5, 3:5].all()
    assert not masks.heart[:2].any()
    assert (masks.definition, masks.trusted, masks.reason) == ("field", False, "a reason")


def test_nothing_drawn_gives_none() -> None:
    assert lung_masks(LungMap(level=0.5, geometry=Geometry.identity()), verdict=VERDICT, rows=4, columns=4) is None

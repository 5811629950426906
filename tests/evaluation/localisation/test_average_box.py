"""The average box is that of other folds' patients."""

import numpy as np

from fabricate_boxes import LEFT, RIGHT, boxed_case
from hilum.evaluation.localisation.average_box import average_box, on_picture
from hilum.explain.onto_pixels import onto_pixels

PLACES = [("fold 0", LEFT), ("fold 1", LEFT), ("fold 1", RIGHT), ("fold 1", LEFT)]
CASES = [boxed_case(number, fold=fold, box=box) for number, (fold, box) in enumerate(PLACES)]


def test_an_average_box_is_that_of_the_other_folds() -> None:
    found = average_box(CASES, label="Other opacity", without="fold 0").grid
    np.testing.assert_allclose(found[:, :32], 2 / 3, rtol=1e-6)
    np.testing.assert_allclose(found[:, 32:], 1 / 3, rtol=1e-6)
    assert not average_box(CASES, label="Bronchial thickening", without="fold 0").grid.any()


def test_it_fits_a_picture_of_any_size() -> None:
    placed = on_picture(average_box(CASES, label="Other opacity", without="fold 0"), rows=60, columns=48)
    on = onto_pixels(placed.grid, geometry=placed.geometry, rows=60, columns=48)
    np.testing.assert_allclose(on[:, :23], 2 / 3, rtol=1e-5)
    np.testing.assert_allclose(on[:, 25:], 1 / 3, rtol=1e-5)

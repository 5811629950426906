"""Thresholds that other patients' boxes choose."""

from fabricate_boxes import LEFT, boxed_case
from hilum.evaluation.localisation.cross_fit import chosen_by_others, cross_fit
from hilum.evaluation.localisation.measure import Measured
from hilum.explain.overlap import Overlap

GRID = (0.3, 0.6)


def measured(number: int, fold: str, low: float, high: float) -> Measured:
    overlaps = {0.3: Overlap(low, 0.0), 0.6: Overlap(high, 0.0)}
    one = boxed_case(number, fold=fold, box=LEFT)
    return Measured(case=one, by="map", maximum=0.0, mass=0.0, overlaps=overlaps)


FOUND = [measured(0, "fold 0", 0.1, 0.9), measured(1, "fold 1", 0.8, 0.2), measured(2, "fold 1", 0.6, 0.2)]


def test_each_fold_takes_what_is_best_for_the_others() -> None:
    """Fold 0's own best is 0.6; the others choose 0.3 for it, at which it has 0.1."""
    assert chosen_by_others(FOUND, grid=GRID) == [0.3, 0.6, 0.6]
    found = cross_fit(FOUND, averages=FOUND, grid=GRID, replicates=200, seed=1)
    assert found.thresholds == (0.3, 0.6)
    assert found.iou is not None
    assert found.iou.value == (0.1 + 0.2 + 0.2) / 3
    assert found.gain is not None
    assert found.gain.value == 0.0


def test_of_equal_thresholds_the_lowest_is_taken() -> None:
    tied = [measured(0, "fold 0", 0.5, 0.5), measured(1, "fold 1", 0.5, 0.5)]
    assert chosen_by_others(tied, grid=GRID) == [0.3, 0.3]


def test_one_fold_has_nobody_to_choose_for_it() -> None:
    alone = cross_fit(FOUND[1:], averages=FOUND[1:], grid=GRID, replicates=200, seed=1)
    assert (alone.thresholds, alone.iou, alone.gain) == ((), None, None)

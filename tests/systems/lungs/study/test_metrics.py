"""Overlap and outline distances against plain brute force."""

import numpy as np
import pytest

from hilum.errors import UsageError
from hilum.geometry import Box
from hilum.systems.lungs.study.metrics import contained, dice, iou, surface_distances


def blob(seed: int, shape=(37, 52)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mask = np.zeros(shape, bool)
    for _ in range(3):
        y, x = rng.integers(0, shape[0] - 12), rng.integers(0, shape[1] - 12)
        mask[y : y + rng.integers(4, 12), x : x + rng.integers(4, 12)] = True
    return mask


def outline_points(mask: np.ndarray) -> np.ndarray:
    points = []
    for y, x in zip(*np.nonzero(mask), strict=True):
        near = ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1))
        if any(not (0 <= a < mask.shape[0] and 0 <= b < mask.shape[1]) or not mask[a, b] for a, b in near):
            points.append((y, x))
    return np.array(points, float)


@pytest.mark.parametrize("seed", range(5))
def test_distances_are_those_of_brute_force(seed):
    drawn, truth = blob(seed), blob(seed + 100)
    a, b = outline_points(drawn), outline_points(truth)
    between = np.hypot(a[:, None, 0] - b[None, :, 0], a[:, None, 1] - b[None, :, 1])
    there, back = between.min(axis=1), between.min(axis=0)
    percent = 100 / np.hypot(37, 52)
    found = surface_distances(drawn, truth=truth)
    assert found.average == pytest.approx(np.concatenate([there, back]).mean() * percent)
    assert found.hausdorff_95 == pytest.approx(max(np.percentile(there, 95), np.percentile(back, 95)) * percent)
    both, either = len(set(zip(*np.nonzero(drawn & truth), strict=True))), int((drawn | truth).sum())
    assert iou(drawn, truth=truth) == pytest.approx(both / either)
    assert dice(drawn, truth=truth) == pytest.approx(2 * both / (int(drawn.sum()) + int(truth.sum())))


def test_empty_masks_are_defined():
    empty, full = np.zeros((5, 5), bool), np.ones((5, 5), bool)
    assert (dice(empty, truth=empty), iou(empty, truth=empty)) == (1.0, 1.0)
    assert dice(empty, truth=full) == 0.0
    assert surface_distances(empty, truth=full).average == 100.0
    assert surface_distances(empty, truth=empty).hausdorff_95 == 0.0


def test_a_box_holds_the_pixels_whose_centres_lie_in_it():
    truth = np.zeros((10, 10), bool)
    truth[2:6, 2:6] = True
    assert contained(Box(2, 2, 4, 4), truth=truth) == 1.0
    assert contained(Box(2.6, 2, 3.4, 4), truth=truth) == 0.75
    with pytest.raises(UsageError, match="empty"):
        contained(Box(0, 0, 1, 1), truth=np.zeros((4, 4), bool))


def test_masks_of_other_shapes_are_refused():
    with pytest.raises(UsageError, match="Both masks must be bool"):
        dice(np.zeros((2, 2), bool), truth=np.zeros((3, 2), bool))

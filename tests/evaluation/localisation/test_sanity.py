"""Rank correlations of maps, against SciPy's, and how often they are defined."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from fabricate_boxes import LEFT, boxed_case
from hilum.evaluation.localisation.localise import LocalisationSettings
from hilum.evaluation.localisation.measure import Measured
from hilum.evaluation.localisation.sanity import KeptMaps, compare_maps, rank_correlation
from hilum.explain.fused_map import PlacedMap
from hilum.explain.overlap import Overlap
from hilum.geometry import Geometry

SHAPE = (60, 48)
WAY = Geometry(48 / 4, 60 / 4, 0.0, 0.0)


def placed(seed: int, *, ties: bool = False) -> PlacedMap:
    grid = np.random.default_rng(seed).normal(size=(4, 4)).astype(np.float32)
    return PlacedMap(np.maximum(grid, 0) if ties else grid, WAY)


@pytest.mark.parametrize("ties", [False, True])
def test_it_is_spearmans(ties: bool) -> None:
    first, second = placed(1, ties=ties), placed(2, ties=ties)
    expected = spearmanr(first.grid.ravel(), second.grid.ravel()).statistic
    assert rank_correlation(first, second, shape=SHAPE) == pytest.approx(expected)


def test_of_a_map_that_is_everywhere_the_same_there_is_none() -> None:
    flat = PlacedMap(np.zeros((4, 4), np.float32), WAY)
    assert rank_correlation(placed(1), flat, shape=SHAPE) is None
    assert rank_correlation(flat, placed(1), shape=SHAPE) is None


def test_maps_of_two_grids_are_compared_on_the_picture() -> None:
    """The same map with every cell cut in four."""
    coarse = placed(3)
    fine = PlacedMap(np.kron(coarse.grid, np.ones((2, 2), np.float32)), Geometry(48 / 8, 60 / 8, 0.0, 0.0))
    found = rank_correlation(coarse, fine, shape=SHAPE)
    assert found is not None
    assert found > 0.85


def kept(maps: list[PlacedMap]) -> KeptMaps:
    cases = [boxed_case(number, fold="fold 0", box=LEFT) for number in range(len(maps))]
    measured = [
        Measured(case=case, by="map", maximum=1.0, mass=0.5, overlaps={0.7: Overlap(0.25 * number, 0.0)})
        for number, case in enumerate(cases)
    ]
    return KeptMaps(
        maps={(case.record.image, case.label): {"map": one} for case, one in zip(cases, maps, strict=True)},
        shapes={case.record.image: SHAPE for case in cases},
        measured=tuple(measured),
    )


def test_other_maps_are_compared_case_by_case() -> None:
    own = kept([placed(1), placed(2), placed(3)])
    turned = kept([placed(1), PlacedMap(-placed(2).grid, WAY), PlacedMap(np.ones((4, 4), np.float32), WAY)])
    found = compare_maps(own, turned, settings=LocalisationSettings(replicates=200))["map"]
    assert (found.images, found.undefined) == (3, 1)
    assert found.correlation is not None
    assert found.correlation.value == pytest.approx(0.0), "1 and -1"
    assert found.pointing is not None
    assert (found.pointing.value, found.iou.value) == (1.0, 0.25)
    same = compare_maps(own, own, settings=LocalisationSettings(replicates=200))["map"]
    assert same.correlation is not None
    assert (same.correlation.value, same.correlation.interval) == (pytest.approx(1.0), None)
    flat = kept([PlacedMap(np.ones((4, 4), np.float32), WAY)])
    alone = compare_maps(replace(own), flat, settings=LocalisationSettings(replicates=200))["map"]
    assert (alone.correlation, alone.undefined) == (None, 1)

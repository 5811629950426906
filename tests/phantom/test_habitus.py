"""Builds: children are smaller with larger hearts, and every seed is a slightly different body."""

from hilum.phantom.habitus import habitus


def test_a_child_is_half_the_size_with_a_larger_heart_and_flatter_ribs() -> None:
    child, adult = (habitus(child=child, sex="M", seed=3) for child in (True, False))
    assert 0.5 < child.scale / adult.scale < 0.6
    assert child.heart > adult.heart
    assert child.rib_slope < adult.rib_slope


def test_seeds_differ_and_repeat() -> None:
    builds = [habitus(child=False, sex="F", seed=seed) for seed in (0, 1, 0)]
    assert builds[0] == builds[2] != builds[1]

"""Vessel trees: seeded, tapering, on their own side."""

from hilum.phantom.lung_vessels import vessel_tree
from hilum.phantom.rods import Capsule, Cylinder


def test_a_tree_follows_its_seed_and_side() -> None:
    assert vessel_tree("right", seed=1) == vessel_tree("right", seed=1)
    assert vessel_tree("right", seed=1) != vessel_tree("right", seed=2)
    outward = [part.end[0] for sign, part in vessel_tree("right", seed=1) if isinstance(part, Cylinder)]
    assert sum(x < 0 for x in outward) > 0.95 * len(outward)


def test_vessels_taper_from_stem_to_twig() -> None:
    parts = [part for _, part in vessel_tree("left", seed=0)]
    stems = [part.radius for part in parts if isinstance(part, Capsule)]
    branches = [part.radius for part in parts if isinstance(part, Cylinder)]
    assert min(stems) > 4
    assert max(branches) < max(stems)
    assert min(branches) < 2

"""Class maps of a made-up image in two networks, drawn at random."""

import numpy as np

from hilum.explain.fused_map import PlacedMap
from hilum.geometry import Box, Geometry
from hilum.systems.sdfn.heatmaps import TwoMaps

GRIDS = ("whole_alone", "whole", "crop")


def two_maps(seed: int) -> TwoMaps:
    """Grids of 3 x 4 cells, each with a geometry of its own."""
    draw = np.random.default_rng(seed)
    placed = [PlacedMap(draw.normal(size=(3, 4)).astype(np.float32), Geometry(*draw.random(4) + 0.5)) for _ in GRIDS]
    return TwoMaps(
        image=f"{seed}.png", label="Pleural Thickening", whole_alone=placed[0], whole=placed[1], crop=placed[2],
        crop_box=Box(1.0, 2.0, 3.0, 4.5), whole_probability=0.25, sdfn_probability=0.75,
    )  # fmt: skip

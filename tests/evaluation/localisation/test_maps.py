"""What a bundle's own reading draws, and what each kind of map is called."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_boxes import LEFT, boxed_case
from fabricate_bundle import ToyBundle
from hilum.bundle.card import HeatmapSpec, OcclusionSpec
from hilum.errors import BundleError
from hilum.evaluation.localisation.maps import OWN, BundleMaps, DrawnMaps, Unread, in_frame, own_method
from hilum.explain.fused_map import PlacedMap
from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Geometry


def test_maps_lead_home_and_sum_to_the_logit_without_the_bias(tmp_path: Path) -> None:
    """The toy's logit is 8 x brightness - 2, so its map is 8 x brightness / 16 a cell."""
    source = BundleMaps(ToyBundle(labels=("Pleural Effusion",)).write(tmp_path / "toy"))
    assert source.labels == ("Effusion",), "by its canonical name"
    pixels = np.zeros((32, 48), np.uint8)
    pixels[:8, 36:] = 255
    Image.fromarray(pixels).save(tmp_path / "one.png")
    (tmp_path / "torn.png").write_bytes(b"torn")
    record = boxed_case(0, fold="fold 0", box=LEFT).record
    wanted = [(replace(record, path=tmp_path / name), ("Effusion",)) for name in ("one.png", "torn.png")]
    drawn, torn = source.draw(wanted)
    assert isinstance(drawn, DrawnMaps)
    placed = drawn.maps["Effusion"][OWN]
    assert placed.grid.sum() == pytest.approx(8 / 16)
    on = onto_pixels(placed.grid, geometry=placed.geometry, rows=32, columns=48)
    assert np.unravel_index(on.argmax(), on.shape)[1] >= 36
    assert drawn.pixels.shape == (32, 48)
    assert drawn.probabilities["Effusion"] == pytest.approx(1 / (1 + np.exp(1.5)))
    assert isinstance(torn, Unread)
    assert (torn.reason, str(tmp_path) in torn.detail) == ("could not be read", False)


def test_a_map_in_another_frame_is_the_same_map() -> None:
    placed = PlacedMap(np.arange(4.0, dtype=np.float32).reshape(2, 2), Geometry(50.0, 100.0, 0.0, 0.0))
    small = in_frame(placed, shape=(200, 100), frame=(20, 10))
    native = onto_pixels(placed.grid, geometry=placed.geometry, rows=200, columns=100)
    on = onto_pixels(small.grid, geometry=small.geometry, rows=20, columns=10)
    np.testing.assert_allclose(on[::19, ::9], native[5::190, 5::90], atol=0.1)


def test_every_way_of_drawing_has_its_name(tmp_path: Path) -> None:
    toy = ToyBundle()
    assert own_method(toy.card()).title == "class map"
    by_occlusion = HeatmapSpec(method="occlusion", occlusion=OcclusionSpec(cells=4, square=2))
    assert own_method(ToyBundle(heatmap=by_occlusion).card()).title == "occlusion"
    with pytest.raises(BundleError, match="has no heatmaps, as its card says"):
        BundleMaps(ToyBundle(heatmap=HeatmapSpec(method="none")).write(tmp_path / "blind"))

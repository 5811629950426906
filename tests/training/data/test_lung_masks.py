"""The toy lung network calls dark pixels lung, and the toy chests have dark lungs."""

from dataclasses import replace

import numpy as np
import pytest

from fabricate_bundle import ToyBundle
from fabricate_chest_table import fabricate_chest_table
from fabricate_lungs import write_lung_bundle
from fabricate_progress import Heard
from fabricate_recipe import SMALL
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.prepared.images import prepare_image
from hilum.errors import BundleError, DataError
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.training.data.lung_masks import draw_masks, with_lung_masks


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write_lung_bundle(tmp_path_factory.mktemp("toy") / "toy-lungs")


@pytest.fixture
def records(tmp_path):
    return read_own_table(fabricate_chest_table(tmp_path / "data", patients=7))


def test_masks_cover_the_dark_lungs_of_the_prepared_picture(records, bundle):
    drawn = with_lung_masks(records, bundle=bundle, spec=SMALL, memory=None)
    assert [replace(record, lung_mask=None) for record in drawn] == list(records)
    assert [record.image for record in drawn if record.lung_mask is None] == ["p05_1.png"], "it shows no lungs"
    for record in drawn:
        if record.lung_mask is None:
            continue
        mask, dark = record.lung_mask.mask, prepare_image(record, spec=SMALL) < 0.35
        assert mask.shape == (32, 32)
        assert mask[dark].mean() > 0.9
        assert dark[mask].mean() > 0.6


def test_what_was_drawn_is_remembered_for_the_same_preprocessing_alone(records, bundle, tmp_path):
    heard = [Heard() for _ in range(3)]
    larger = PreprocessSpec(steps=(Resize(height=48, width=32, rule="stretch"),), mean=(0.5,), std=(0.5,))
    found = [
        with_lung_masks(records[:4], bundle=bundle, spec=spec, memory=tmp_path / "cache", progress=progress)
        for spec, progress in zip((SMALL, SMALL, larger), heard, strict=True)
    ]
    assert [one.counts for one in heard] == [{"drawing lungs": [n, n]} for n in (4, 0, 4)]
    assert found[0] == found[1]
    assert found[2][0].lung_mask.mask.shape == (48, 32)


def test_it_is_said_how_often_lungs_are_trusted(records, bundle):
    heard = Heard()
    draw_masks(records, lungs=bundle, spec=SMALL, memory=None, progress=heard)
    assert any("trusted in 13 of 14 pictures, whose features are averaged inside them" in line for line in heard.lines)


def test_what_draws_no_lungs_or_fixes_no_size_is_refused(records, bundle, tmp_path):
    with pytest.raises(BundleError, match="kind lungs"):
        with_lung_masks(records, bundle=ToyBundle().write(tmp_path / "toy"), spec=SMALL, memory=None)
    with pytest.raises(DataError, match="resize step"):
        with_lung_masks(records, bundle=bundle, spec=PreprocessSpec(steps=(), mean=(0.5,), std=(0.5,)), memory=None)
    bad = tmp_path / "bad.png"
    bad.write_bytes(records[0].path.read_bytes()[:200])
    kept = with_lung_masks([replace(records[0], path=bad)], bundle=bundle, spec=SMALL, memory=None)
    assert np.all([record.lung_mask is None for record in kept])

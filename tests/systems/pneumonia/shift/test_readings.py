from dataclasses import replace

import numpy as np
import pytest
import torch

from fabricate_kermany import fabricate_kermany
from hilum.datasets.records.packed_mask import PackedMask
from hilum.datasets.releases.kermany import read_kermany
from hilum.errors import DataError
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import PreprocessSpec, Resize, preprocess
from hilum.networks.lung_pooled import LungPooledClassifier
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.pneumonia.shift.arms import base_recipe
from hilum.systems.pneumonia.shift.copies import COPIES, copies_of
from hilum.systems.pneumonia.shift.readings import load_readings, read_pictures, save_readings
from hilum.training.export.label_fits import SOFTENING_SEED
from hilum.training.export.soften import soften
from hilum.training.recipe.lung_pooling import LungPooling

SPEC = PreprocessSpec(steps=(Resize(height=64, width=64, rule="stretch"),), mean=(0.5,) * 3, std=(0.5,) * 3)


HALF = np.zeros((64, 64), bool)
HALF[:, :32] = True


def recipe(**changes):
    return replace(base_recipe(RandomWeights()), backbone="squeezenet1_1", preprocess=SPEC, **changes)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    release = read_kermany(fabricate_kermany(tmp_path_factory.mktemp("release"), train=9, test=2))
    return [one for one in release if one.official == "train"]  # more than are read at once


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(3)
    return PooledClassifier("squeezenet1_1", labels=2).eval()


@pytest.fixture(scope="module")
def readings(records, network):
    lungs = {one.sha256: PackedMask.of(HALF) for one in records[1:]}
    return read_pictures(network, records=records, matched=records[::-1], recipe=recipe(), lungs=lungs)


def asked(network, pixels):
    with torch.inference_mode():
        return float(network(torch.from_numpy(preprocess(pixels, spec=SPEC).array)[None])[0, 0])


def test_a_picture_gives_the_first_labels_logit_as_reading_has_it(records, network, readings):
    assert readings.images == tuple(one.image for one in records)
    assert (readings.logits.shape, readings.softened.shape) == ((len(COPIES), len(records)), (len(records),))
    for place in (0, len(records) - 1):
        pixels = decode(read_file(records[place].path), name="picture").pixels
        assert readings.logits[0, place] == pytest.approx(asked(network, pixels), abs=1e-4)
        soft = soften(pixels, seed=SOFTENING_SEED + place)
        assert readings.softened[place] == pytest.approx(asked(network, soft), abs=1e-4)
    np.testing.assert_allclose(readings.matched, readings.logits[0, ::-1], atol=1e-4)


def test_the_copies_are_made_of_the_prepared_picture(records, network, readings):
    spec = PreprocessSpec(steps=(), mean=SPEC.mean, std=SPEC.std)
    pixels = decode(read_file(records[1].path), name="picture").pixels
    grey = preprocess(pixels, spec=PreprocessSpec(steps=SPEC.steps, mean=(0.0,), std=(1.0,))).array[0]
    for place, copy in enumerate(copies_of(grey)):
        with torch.inference_mode():
            logit = network(torch.from_numpy(preprocess(copy, spec=spec).array)[None])[0, 0]
        assert readings.logits[place, 1] == pytest.approx(float(logit), abs=1e-4)


def test_maps_are_weighed_where_lungs_are_trusted(readings):
    assert np.isnan(readings.inside[0])
    known = readings.inside[1:][~np.isnan(readings.inside[1:])]
    assert known.size
    assert ((known > 0) & (known < 1)).all()


def test_a_network_that_averages_inside_the_lungs_has_those_of_each_picture(records):
    inside = recipe(lung_pooling=LungPooling(widen=0.0))
    torch.manual_seed(3)
    network = LungPooledClassifier("squeezenet1_1", labels=1, size=(64, 64)).eval()
    known = [replace(one, lung_mask=PackedMask.of(HALF)) if place else one for place, one in enumerate(records[:3])]
    lungs = {one.sha256: PackedMask.of(HALF) for one in known}
    found = read_pictures(network, records=known, matched=known, recipe=inside, lungs=lungs)
    for place, one in enumerate(known):
        picture = preprocess(decode(read_file(one.path), name="picture").pixels, spec=SPEC).array
        plane = np.ones((1, 64, 64), np.float32) if place == 0 else HALF[None].astype(np.float32)
        with torch.inference_mode():
            logit = float(network(torch.from_numpy(np.concatenate([picture, plane]))[None])[0, 0])
        assert found.logits[0, place] == pytest.approx(logit, abs=1e-4)


def test_what_was_kept_comes_back_for_these_pictures_alone(records, readings, tmp_path):
    path = tmp_path / "readings.npz"
    save_readings({"plain": readings}, path=path)
    found = load_readings(path, parts={"plain": records})["plain"]
    assert found.images == readings.images
    for name in ("logits", "softened", "matched", "inside"):
        np.testing.assert_array_equal(getattr(found, name), getattr(readings, name))
    with pytest.raises(DataError, match="holds readings of other images"):
        load_readings(path, parts={"plain": records[1:]})
    with pytest.raises(DataError, match="does not hold the readings of validation"):
        load_readings(path, parts={"shifted": records})
    with pytest.raises(DataError, match="does not hold the readings of validation"):
        load_readings(tmp_path / "absent.npz", parts={"plain": records})

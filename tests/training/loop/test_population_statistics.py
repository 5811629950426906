from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from fabricate_recipe import fabricate_labelled_table, tiny_recipe
from hilum.datasets.own.own_table import read_own_table
from hilum.errors import UsageError
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.sdfn.recipe import sdfn_local
from hilum.training.data.make_split import make_splits
from hilum.training.loop.checkpoints import load_weights
from hilum.training.loop.population_statistics import with_population_statistics
from hilum.training.loop.stages import run_stages
from hilum.training.records.run_place import RunPlace


class Drawn:
    """Items that remember their draws."""

    def __init__(self, images):
        self.images, self.draws = images, []

    def __getitem__(self, draw):
        self.draws.append(draw)
        return self.images[draw[0]], torch.zeros(1)


def images(count):
    generator = np.random.default_rng(3)
    levels = generator.normal(2.0, 1.5, (count, 3, 1, 1))
    return torch.from_numpy((levels + generator.normal(0.0, 0.5, (count, 3, 6, 5))).astype(np.float32))


def test_statistics_are_the_means_over_whole_batches():
    network = nn.Sequential(nn.Conv2d(3, 2, 1, bias=False), nn.BatchNorm2d(2), nn.ReLU(), nn.BatchNorm2d(2))
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    pixels = images(9)
    drawn = Drawn(pixels)
    found = with_population_statistics(network, state=state, images=drawn, count=9, batch_size=4)
    assert len({index for index, _ in drawn.draws}) == 8  # the ninth would be a batch of its own
    assert all(index == seed for index, seed in drawn.draws)
    weights = state["0.weight"].double().numpy()[:, :, 0, 0]
    first, second = [], []
    for start in (0, 4):
        batch = pixels[[index for index, _ in drawn.draws[start : start + 4]]]
        mixed = np.einsum("oc,nchw->nohw", weights, batch.double().numpy())
        shaped = mixed.transpose(1, 0, 2, 3).reshape(2, -1)
        first.append((shaped.mean(axis=1), shaped.var(axis=1, ddof=1)))
        scaled = (shaped - shaped.mean(axis=1, keepdims=True)) / np.sqrt(shaped.var(axis=1, keepdims=True) + 1e-5)
        passed = np.maximum(scaled, 0.0)
        second.append((passed.mean(axis=1), passed.var(axis=1, ddof=1)))
    for layer, batches in (("1", first), ("3", second)):
        assert found[f"{layer}.running_mean"].numpy() == pytest.approx(
            np.mean([mean for mean, _ in batches], axis=0), abs=1e-5
        )
        assert found[f"{layer}.running_var"].numpy() == pytest.approx(
            np.mean([var for _, var in batches], axis=0), rel=1e-4
        )
    assert not network.training
    assert all(torch.equal(found[name], state[name]) for name in state if name.endswith(("weight", "bias")))


def test_images_that_stand_class_by_class_have_the_spread_of_both_classes():
    pixels = torch.cat((images(160), images(160) + 8.0))
    network = nn.Sequential(nn.BatchNorm2d(3))
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    found = with_population_statistics(network, state=state, images=Drawn(pixels), count=320, batch_size=32)
    whole = pixels.double().numpy().var(axis=(0, 2, 3))
    assert found["0.running_var"].numpy() == pytest.approx(whole, rel=0.05)


def test_a_network_without_batch_norm_stays_as_it_is():
    network = nn.Sequential(nn.Conv2d(3, 2, 1))
    state = {name: torch.ones_like(tensor) for name, tensor in network.state_dict().items()}
    found = with_population_statistics(network, state=state, images=Drawn(images(4)), count=4, batch_size=2)
    assert all(torch.equal(found[name], state[name]) for name in state)


@pytest.mark.slow
def test_a_stage_ends_with_them_and_differs_in_nothing_else(tmp_path):
    records = read_own_table(fabricate_labelled_table(tmp_path / "table"))
    states = {}
    for name, kind in (("running", None), ("population", "population")):
        recipe = replace(tiny_recipe(epochs=1, batch_statistics=kind), backbone="mobilenet_v2")
        run_stages(recipe, splits=make_splits(recipe, records=records), place=RunPlace(folder=tmp_path / name))
        states[name], _ = load_weights(tmp_path / name / "train" / "weights.safetensors")
    running, population = states["running"], states["population"]
    differing = {name.rsplit(".", 1)[1] for name in running if not torch.equal(running[name], population[name])}
    assert differing == {"running_mean", "running_var", "num_batches_tracked"}


def test_a_fusion_refuses_them():
    fusion = sdfn_local(RandomWeights()).last
    with pytest.raises(UsageError, match="batch statistics of its own in a fusion"):
        replace(fusion, batch_statistics="population")

import csv
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
from hilum.training.data.images import Preparation
from hilum.training.data.make_split import make_splits
from hilum.training.data.stage_data import image_data
from hilum.training.loop.checkpoints import LAST_CHECKPOINT, load_checkpoint, load_weights
from hilum.training.loop.classifier_task import ClassifierTask
from hilum.training.loop.fit_stage import stage_sampler
from hilum.training.loop.population_statistics import (
    ValidatedWithPopulation,
    population_order,
    with_population_statistics,
)
from hilum.training.loop.stages import run_stages
from hilum.training.loop.task_module import TaskModule
from hilum.training.recipe.losses import BinaryCrossEntropy, fit_loss
from hilum.training.recipe.machine import Machine
from hilum.training.recipe.samplers import BalancedSampler, LabelBalanced, ShuffledSampler
from hilum.training.records.run_place import RunPlace


class Drawn:
    """Items that remember their draws."""

    def __init__(self, images):
        self.images, self.draws = images, []

    def __getitem__(self, draw):
        self.draws.append(draw)
        return self.images[draw[0]], torch.zeros(1)


def shuffled(count):
    return population_order(ShuffledSampler(count, seed=7))


def images(count):
    generator = np.random.default_rng(3)
    levels = generator.normal(2.0, 1.5, (count, 3, 1, 1))
    return torch.from_numpy((levels + generator.normal(0.0, 0.5, (count, 3, 6, 5))).astype(np.float32))


def test_statistics_are_the_means_over_whole_batches():
    network = nn.Sequential(nn.Conv2d(3, 2, 1, bias=False), nn.BatchNorm2d(2), nn.ReLU(), nn.BatchNorm2d(2))
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    pixels = images(9)
    drawn = Drawn(pixels)
    found = with_population_statistics(network, state=state, images=drawn, order=shuffled(9), batch_size=4)
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


def test_fewer_images_than_a_batch_are_one_batch():
    pixels = images(5)
    network = nn.Sequential(nn.BatchNorm2d(3))
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    found = with_population_statistics(network, state=state, images=Drawn(pixels), order=shuffled(5), batch_size=32)
    assert found["0.running_mean"].numpy() == pytest.approx(pixels.double().numpy().mean(axis=(0, 2, 3)), rel=1e-5)
    assert found["0.running_var"].numpy() == pytest.approx(
        pixels.double().numpy().var(axis=(0, 2, 3), ddof=1), rel=1e-4
    )


def test_images_that_stand_class_by_class_have_the_spread_of_both_classes():
    pixels = torch.cat((images(160), images(160) + 8.0))
    network = nn.Sequential(nn.BatchNorm2d(3))
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    found = with_population_statistics(network, state=state, images=Drawn(pixels), order=shuffled(320), batch_size=32)
    whole = pixels.double().numpy().var(axis=(0, 2, 3))
    assert found["0.running_var"].numpy() == pytest.approx(whole, rel=0.05)


def test_balanced_draws_have_the_statistics_of_what_was_drawn():
    """Nine in ten have the label and are brighter: half of the draws are, and so the mean lies between both classes."""
    pixels = torch.cat((images(288) + 8.0, images(32)))
    network = nn.Sequential(nn.BatchNorm2d(3))
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    sampler = BalancedSampler([1.0] * 288 + [0.0] * 32, per_epoch=320, seed=1)
    order = population_order(sampler)
    assert sum(index < 288 for index in order) == 160
    assert order == population_order(sampler)
    found = with_population_statistics(network, state=state, images=Drawn(pixels), order=order, batch_size=32)
    halves = [half.double().numpy().mean(axis=(0, 2, 3)) for half in (pixels[:288], pixels[288:])]
    assert found["0.running_mean"].numpy() == pytest.approx(np.mean(halves, axis=0), abs=0.3)


def test_a_network_without_batch_norm_stays_as_it_is():
    network = nn.Sequential(nn.Conv2d(3, 2, 1))
    state = {name: torch.ones_like(tensor) for name, tensor in network.state_dict().items()}
    found = with_population_statistics(network, state=state, images=Drawn(images(4)), order=shuffled(4), batch_size=2)
    assert all(torch.equal(found[name], state[name]) for name in state)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return read_own_table(fabricate_labelled_table(tmp_path_factory.mktemp("table")))


def batch_normed(**stage):
    return replace(tiny_recipe(**stage), backbone="mobilenet_v2")


def run(recipe, records, folder, **place):
    return run_stages(recipe, splits=make_splits(recipe, records=records), place=RunPlace(folder=folder, **place))


def trained(folder):
    """Weights and running averages that a training ended with, before anything was counted anew."""
    return load_checkpoint(folder / "train" / LAST_CHECKPOINT)["state_dict"]


def losses(folder, name="validations.csv"):
    with (folder / "train" / "log" / name).open(newline="") as file:
        return [float(row["validation/loss"]) for row in csv.DictReader(file)]


@pytest.mark.slow
@pytest.mark.parametrize("ema_decay", [None, 0.9])
def test_a_stage_ends_with_them_and_differs_in_nothing_else(records, tmp_path, ema_decay):
    states = {}
    for name, kind in (("running", None), ("population", "population")):
        recipe = batch_normed(epochs=2, ema_decay=ema_decay, batch_statistics=kind, validate_every=1)
        run(recipe, records, tmp_path / name)
        states[name], _ = load_weights(tmp_path / name / "train" / "weights.safetensors")
    running, population = states["running"], states["population"]
    differing = {name.rsplit(".", 1)[1] for name in running if not torch.equal(running[name], population[name])}
    assert differing == {"running_mean", "running_var", "num_batches_tracked"}
    with_them, without = trained(tmp_path / "population"), trained(tmp_path / "running")
    assert all(torch.equal(without[name], with_them[name]) for name in without), "validations left it as it was"


@pytest.mark.slow
def test_a_stage_ends_with_the_statistics_of_its_own_draws(records, tmp_path):
    recipe = batch_normed(epochs=1, batch_statistics="population", sampler=LabelBalanced(images_per_epoch=24))
    network = run(recipe, records, tmp_path).network
    split = make_splits(recipe, records=records)["train"]
    data = image_data(recipe, stage=recipe.last, split=split, preparation=Preparation())
    order = population_order(stage_sampler(recipe, stage=recipe.last, split=split, targets=data.targets))
    assert sum(data.targets[index, 0] for index in order) == 12
    kept = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    again = with_population_statistics(
        network, state=kept, images=data.training, order=order, batch_size=recipe.last.batch_size
    )
    assert all(again[name].numpy() == pytest.approx(kept[name].numpy(), abs=1e-4) for name in kept)
    plain = shuffled(len(data.targets))
    other = with_population_statistics(
        network, state=kept, images=data.training, order=plain, batch_size=recipe.last.batch_size
    )
    assert any(abs(other[name] - kept[name]).max() > 1e-2 for name in kept if name.endswith("running_mean"))


@pytest.mark.slow
@pytest.mark.parametrize("ema_decay", [None, 0.9])
def test_a_validation_goes_by_the_statistics_that_the_network_would_end_with(records, tmp_path, ema_decay):
    recipe = batch_normed(epochs=1, ema_decay=ema_decay, batch_statistics="population")
    network = run(recipe, records, tmp_path).network
    split = make_splits(recipe, records=records)["train"]
    data = image_data(recipe, stage=recipe.last, split=split, preparation=Preparation())
    assert len(data.targets) < 512, "all images take part, as they do at the end"
    loss = fit_loss(BinaryCrossEntropy(), targets=data.targets, labels=recipe.last.labels)
    task = ClassifierTask(network, labels=recipe.last.labels, loss=loss)
    images, targets = zip(*(data.validation["validation"][i] for i in range(data.counts["validation"])), strict=True)

    def loss_of(state):
        network.load_state_dict(state)
        with torch.no_grad():
            return task.figures(task.outputs((torch.stack(images), torch.stack(targets))))["loss"]

    counted = loss_of(network.state_dict())
    assert losses(tmp_path, "metrics.csv") == [pytest.approx(counted, rel=1e-5)]
    running = {name.removeprefix("network."): tensor for name, tensor in trained(tmp_path).items()}
    assert abs(loss_of(running) - counted) > 1e-3, "the running averages lag"


@pytest.mark.slow
def test_a_stopped_training_finds_what_an_unbroken_one_finds(records, tmp_path, monkeypatch):
    recipe = batch_normed(epochs=2, validate_every=2, ema_decay=None, batch_statistics="population")
    unbroken = run(recipe, records, tmp_path / "unbroken").network.state_dict()
    step, left = TaskModule.training_step, [1]

    def stopped_once(module, batch, batch_idx):
        if batch_idx == 2 and module.current_epoch in left:
            left.clear()
            raise KeyError("stopped")
        return step(module, batch, batch_idx)

    monkeypatch.setattr(TaskModule, "training_step", stopped_once)
    with pytest.raises(KeyError):
        run(recipe, records, tmp_path / "broken")
    resumed = run(recipe, records, tmp_path / "broken").network.state_dict()
    assert all(torch.equal(unbroken[name], resumed[name]) for name in unbroken)
    assert losses(tmp_path / "broken") == losses(tmp_path / "unbroken")


class Step:
    """What a validation tells a callback of where it runs."""

    device = torch.device("cpu")


def test_a_validation_measures_part_of_many_images_and_at_least_one_batch():
    for batch_size, taken in ((100, 500), (600, 600), (2000, 900)):
        drawn, network = Drawn(images(900)), nn.Sequential(nn.BatchNorm2d(3)).eval()
        before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        generator = torch.get_rng_state()
        callback = ValidatedWithPopulation(network, images=drawn, order=shuffled(900), batch_size=batch_size)
        for place in ((0, 0), (1, 0), (0, 1)):
            callback.on_validation_batch_start(None, Step, None, *place)
        indices = [index for index, _ in drawn.draws]
        assert len(indices) == len(set(indices)) == taken
        assert not network.training
        assert not torch.equal(network[0].running_mean, before["0.running_mean"])
        callback.on_validation_epoch_end(None, Step)
        assert all(torch.equal(network.state_dict()[name], before[name]) for name in before)
        assert torch.equal(torch.get_rng_state(), generator)


def test_a_strategy_that_parts_the_network_is_refused(records, tmp_path):
    recipe = batch_normed(epochs=1, batch_statistics="population")
    with pytest.raises(UsageError, match="Use ddp, or --set batch_statistics=none"):
        run(recipe, records, tmp_path, machine=Machine(strategy="fsdp"))


def test_a_fusion_refuses_them():
    fusion = sdfn_local(RandomWeights()).last
    with pytest.raises(UsageError, match="batch statistics of its own in a fusion"):
        replace(fusion, batch_statistics="population")

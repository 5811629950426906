"""The loss of a network that is taught lungs, against a slow transcription; and a whole training to its bundle."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from fabricate_chest_table import fabricate_chest_table
from fabricate_lungs import write_lung_bundle
from fabricate_recipe import tiny_recipe
from hilum.bundle.load import load_bundle
from hilum.datasets.own.own_table import read_own_table
from hilum.errors import DataError, UsageError
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.lung_pooled import LungAttendedClassifier
from hilum.networks.network_of_bundle import network_of_bundle
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.training.classifier_arm import logits_of
from hilum.training.data.images import IN_MEMORY
from hilum.training.data.lung_masks import with_lung_masks
from hilum.training.data.training_data import split_data
from hilum.training.loop.lung_guided_task import LungGuidedTask, outside_share
from hilum.training.loop.stages import load_stage
from hilum.training.recipe.losses import BinaryCrossEntropy, fit_loss
from hilum.training.recipe.lung_guidance import LungGuidance
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace
from hilum.training.train import train_specialist

SPEC = PreprocessSpec(steps=(Resize(height=64, width=64, rule="stretch"),), mean=(0.5,) * 3, std=(0.5,) * 3)
LABELS = ("one", "two")


def task_of(network, *, by, weight=1.0):
    targets = np.array([[1, 0], [0, np.nan], [1, 1]], np.float32)
    loss = fit_loss(BinaryCrossEntropy(), targets=targets, labels=LABELS)
    task = LungGuidedTask(network, labels=LABELS, loss=loss, guidance=LungGuidance(by=by, weight=weight))
    return task, torch.from_numpy(targets)


def batch_of(targets):
    """Three pictures of 63 x 63 with their lungs; nobody knows those of the second."""
    draw = torch.Generator().manual_seed(1)
    planes = torch.zeros(3, 1, 63, 63)
    planes[0, :, 8:40, 4:30] = 1.0
    planes[1] = 1.0
    planes[2, :, 16:32, 16:64] = 1.0
    return torch.cat((torch.randn(3, 3, 63, 63, generator=draw), planes), dim=1), targets


def made(kind):
    torch.manual_seed(5)
    network = kind("squeezenet1_1", labels=2).eval()  # its last map has 3 x 3 cells
    nn.init.normal_(network.head.weight)
    return network


def of_labels(network, images, targets):
    logits = network(images[:, :3]).detach().double().numpy()
    known = ~np.isnan(targets.numpy())
    each = np.logaddexp(0.0, np.where(targets.numpy() == 1, -logits, logits))
    return each[known].mean()


def shares(images):
    return images[:, 3].double().numpy().reshape(3, 3, 21, 3, 21).mean(axis=(2, 4))


def test_the_penalty_is_the_share_of_the_maps_outside_the_lungs_that_are_known():
    network = made(PooledClassifier)
    task, targets = task_of(network, by="penalty", weight=0.5)
    images, _ = batch_of(targets)
    maps = np.abs(network.forward_with_maps(images[:, :3])[1].detach().double().numpy())
    outside = [
        np.mean([(maps[n, label] * (1 - shares(images)[n])).sum() / maps[n, label].sum() for label in range(2)])
        for n in (0, 2)
    ]
    assert min(outside) > 0.1
    wanted = of_labels(network, images, targets) + 0.5 * np.mean(outside)
    assert task.loss((images, targets)).item() == pytest.approx(wanted, rel=1e-4)


def test_a_map_of_zeros_has_no_share_and_no_gradient_that_is_no_number():
    maps = torch.zeros(1, 2, 4, 4, requires_grad=True)
    outside_share(maps, lungs=torch.zeros(1, 1, 4, 4)).sum().backward()
    assert outside_share(maps, lungs=torch.zeros(1, 1, 4, 4)).item() == 0.0
    assert bool(torch.isfinite(maps.grad).all())


def test_the_second_head_learns_how_much_of_each_cell_is_lung():
    network = made(LungAttendedClassifier)
    nn.init.normal_(network.attention.weight)
    task, targets = task_of(network, by="attention", weight=2.0)
    images, _ = batch_of(targets)
    with torch.no_grad():  # features of random weights are small; these scores are not
        network.attention.weight /= network.attention(network.features(images[:, :3])).std()
    scores = network.forward_with_scores(images[:, :3])[1].detach().double().numpy()[:, 0]
    each = np.logaddexp(0.0, scores) - shares(images) * scores
    wanted = of_labels(network, images, targets) + 2.0 * each[[0, 2]].mean()
    assert task.loss((images, targets)).item() == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("by", ["penalty", "attention"])
def test_where_no_lungs_are_known_the_labels_alone_are_learnt(by):
    network = made(LungAttendedClassifier if by == "attention" else PooledClassifier)
    task, targets = task_of(network, by=by)
    images, _ = batch_of(targets)
    images[:, 3] = 1.0
    assert task.loss((images, targets)).item() == pytest.approx(of_labels(network, images, targets), rel=1e-4)


def test_attention_is_not_taught_to_a_network_without_it():
    task, targets = task_of(made(PooledClassifier), by="attention")
    with pytest.raises(UsageError, match="needs a network that has it; squeezenet1_1 has none"):
        task.loss(batch_of(targets))


@pytest.mark.parametrize("by", ["penalty", "attention"])
def test_a_whole_training_ends_in_a_bundle_that_needs_no_lungs_and_reads_as_trained(by, tmp_path):
    recipe = replace(
        tiny_recipe(epochs=2), preprocess=SPEC, lung_guidance=LungGuidance(by=by),
    )  # fmt: skip
    folder = fabricate_chest_table(tmp_path / "data", patients=20)
    lungs = write_lung_bundle(tmp_path / "toy-lungs")
    plain = read_own_table(folder)
    records = with_lung_masks(plain, bundle=lungs, spec=SPEC, memory=None)
    provenance = Provenance(command="hilum train guided (miniature)", commit=None, data=("fabricated",))
    with pytest.raises(DataError, match="has lungs that are drawn and reliable"):
        train_specialist(
            recipe, data=split_data(recipe, records=plain), provenance=provenance,
            place=RunPlace(folder=tmp_path / "none"), lungs=lungs,
        )  # fmt: skip
    data = split_data(recipe, records=records)
    place = RunPlace(folder=tmp_path / "run")
    train_specialist(recipe, data=data, provenance=provenance, place=place, lungs=lungs)
    bundle = load_bundle(tmp_path / "run" / "bundle")
    assert bundle.card.kind == "classifier"
    assert bundle.card.needs.isdisjoint({"lungs"})
    assert bundle.card.training.lungs_sha256 == lungs.sha256
    assert bundle.card.architecture_arguments.get("attention") == (True if by == "attention" else None)
    network = load_stage(recipe, stage=recipe.last, folder=tmp_path / "run").network
    weights = [tmp_path / "run" / recipe.last.name / "weights.safetensors"]
    again = network_of_bundle(bundle, weights=weights)
    assert type(again) is type(network) is (LungAttendedClassifier if by == "attention" else PooledClassifier)
    picture = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(again(picture), network(picture))
    unguided = replace(recipe, lung_guidance=None)
    other = RunPlace(folder=tmp_path / "unguided")
    train_specialist(unguided, data=data, provenance=provenance, place=other)
    without = load_stage(unguided, stage=recipe.last, folder=other.folder).network
    assert not torch.equal(without.weight, network.weight), "what is taught of lungs changes what is learnt"
    some = list(data.splits[recipe.last.name].parts["validation"][:3])
    expected = logits_of(network, records=some, recipe=recipe, preparation=IN_MEMORY)
    reader = Reader(models=[bundle], settings=ReaderSettings(heatmaps="all"))
    for record, logits in zip(some, expected, strict=True):
        examination = reader.examine(record.path)
        found = [finding.logit for finding in examination.reading.findings]
        assert found == pytest.approx(list(logits), abs=2e-3)  # weights are kept in half precision
        sums = [float(heatmap.grid.sum()) for heatmap in examination.heatmaps]
        assert np.subtract(found, sums) == pytest.approx(network.bias.detach().numpy(), abs=2e-3)

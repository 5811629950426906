"""A tiny network that averages inside the lungs, to its bundle: what the card says, and that it reads as trained."""

from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch

from fabricate_chest_table import fabricate_chest_table
from fabricate_lungs import write_lung_bundle
from fabricate_recipe import tiny_recipe
from hilum.bundle.load import load_bundle
from hilum.datasets.own.own_table import read_own_table
from hilum.errors import DataError, UsageError
from hilum.evaluation.bundles.evaluate import EvaluationSettings, evaluate_part
from hilum.evaluation.bundles.part import official_part
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.lung_pooled import LungPooledClassifier
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import BundleWeights, load_starting_weights
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.training.classifier_arm import logits_of
from hilum.training.data.images import IN_MEMORY
from hilum.training.data.lung_masks import with_lung_masks
from hilum.training.data.training_data import split_data
from hilum.training.export.lung_pooled_bundle import lung_pooled_to_onnx
from hilum.training.export.to_onnx import example_of
from hilum.training.loop.stages import load_stage
from hilum.training.recipe.lung_pooling import LungPooling
from hilum.training.recipe.recipe import Assessment
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace
from hilum.training.train import train_specialist

PROVENANCE = Provenance(command="hilum train pooled (miniature)", commit=None, data=("fabricated",))
SPEC = PreprocessSpec(steps=(Resize(height=64, width=64, rule="stretch"),), mean=(0.5,) * 3, std=(0.5,) * 3)
RECIPE = replace(
    tiny_recipe(epochs=2, flip_probability=0.5),
    name="tiny-pooled",
    backbone="mobilenet_v2",
    preprocess=SPEC,
    output_stride=16,
    lung_pooling=LungPooling(widen=0.05),
    assessment=Assessment(calibration_part="validation", operating_point_part="validation", softened=True),
)


@pytest.fixture(scope="module")
def lungs(tmp_path_factory):
    return write_lung_bundle(tmp_path_factory.mktemp("lungs") / "toy-lungs")


@pytest.fixture(scope="module")
def records(tmp_path_factory, lungs):
    folder = fabricate_chest_table(tmp_path_factory.mktemp("chests") / "data", patients=40)
    return with_lung_masks(read_own_table(folder), bundle=lungs, spec=SPEC, memory=None)


@pytest.fixture(scope="module")
def run(records, lungs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    data = split_data(RECIPE, records=records)
    train_specialist(RECIPE, data=data, provenance=PROVENANCE, place=RunPlace(folder=folder), lungs=lungs)
    return folder


@pytest.fixture(scope="module")
def bundle(run):
    return load_bundle(run / "bundle")


@pytest.fixture(scope="module")
def network(run):
    return load_stage(RECIPE, stage=RECIPE.last, folder=run).network


def test_the_card_says_what_it_is(bundle, lungs):
    card = bundle.card
    assert (card.kind, card.architecture) == ("lung-pooled", "mobilenet_v2")
    assert card.architecture_arguments == {"labels": 2, "dropout": 0.2, "output_stride": 16}
    assert card.pooling.widen == 0.05
    assert card.pooling.lungs_sha256 == card.training.lungs_sha256 == lungs.sha256
    assert card.training.recipe["lung_pooling.plain_share"] == 0.1
    assert card.weights_licence.endswith(f"lungs.onnx: {lungs.card.weights_licence}")
    assert bundle.read("lungs.onnx") == lungs.read("model.onnx")
    assert all("softened copies" in label.operating_point_rule for label in card.labels)
    assert set(card.files) == {"model.onnx", "lungs.onnx", "training-images.bin"}


def test_the_reader_reads_what_the_network_says(bundle, network, records):
    some = [*records[:9], records[11]]  # the last one shows no lungs
    assert [record.lung_mask is None for record in some] == [False] * 9 + [True]
    expected = logits_of(network, records=some, recipe=RECIPE, preparation=IN_MEMORY)
    reader = Reader(models=[bundle], settings=ReaderSettings(heatmaps="all"))
    for record, logits in zip(some, expected, strict=True):
        examination = reader.examine(record.path)
        found = [finding.logit for finding in examination.reading.findings]
        assert found == pytest.approx(list(logits), abs=2e-3)  # weights are kept in half precision
        sums = [float(heatmap.grid.sum()) for heatmap in examination.heatmaps]
        bias = network.bias.detach().numpy()
        assert np.subtract(found, sums) == pytest.approx(bias, abs=2e-3)
        (average,) = examination.reading.lung_averages
        assert average.inside is (record.lung_mask is not None)


@pytest.mark.parametrize("plane", ["noise", "ones", "zeros", "one cell"])
def test_the_graph_is_the_network_for_any_lungs(network, plane):
    graph = lung_pooled_to_onnx(network, example=example_of(SPEC))
    pictures = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    lungs = torch.zeros(3, 1, 64, 64)
    if plane == "one cell":
        lungs[..., 16:32, 48:64] = 1.0
    if plane in ("noise", "ones"):
        lungs = torch.rand(lungs.shape, generator=torch.Generator().manual_seed(2)) if plane == "noise" else lungs + 1
    with torch.inference_mode():
        expected = network.inside(pictures, lungs)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    found = session.run(["logits", "class_maps"], {"input": pictures.numpy(), "lungs": lungs.numpy()})
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-4)


def test_a_network_that_hides_what_is_not_lung_reads_as_it_was_trained(records, lungs, tmp_path):
    hiding = replace(RECIPE, lung_pooling=LungPooling(widen=0.05, hide_outside=True))
    data = split_data(hiding, records=records)
    bundle = train_specialist(hiding, data=data, provenance=PROVENANCE, place=RunPlace(folder=tmp_path), lungs=lungs)
    assert bundle.card.pooling.hides_outside
    network = load_stage(hiding, stage=hiding.last, folder=tmp_path).network
    some = [*records[:3], records[11]]  # the last one shows no lungs
    expected = logits_of(network, records=some, recipe=hiding, preparation=IN_MEMORY)
    reader = Reader(models=[bundle])
    for record, logits in zip(some, expected, strict=True):
        reading = reader.read(record.path)
        assert [finding.logit for finding in reading.findings] == pytest.approx(list(logits), abs=2e-3)
        (step,) = [step for step in reading.trail if step.step == "average"]
        assert step.detail.endswith("the network saw nothing else") is (record.lung_mask is not None)


def test_it_is_evaluated_as_others_are(bundle, records, tmp_path):
    part = official_part(records, bundle=bundle, name="test")
    found = evaluate_part(
        bundle,
        part=part,
        run=None,
        folder=tmp_path / "out",
        ledger=tmp_path / "ledger.jsonl",
        settings=EvaluationSettings(replicates=50),
        progress=lambda done, count: None,
    ).judged.predicted.predictions
    one = next(record for record in records if record.image == found.image[0])
    expected = [finding.probability for finding in Reader(models=[bundle]).read(one.path).findings]
    assert found.scores[0] == pytest.approx(expected)


def test_a_training_starts_from_its_weights_with_lungs_or_without(bundle, network):
    pooled = LungPooledClassifier("mobilenet_v2", labels=2, size=(64, 64), output_stride=16).eval()
    plain = PooledClassifier("mobilenet_v2", labels=2, output_stride=16).eval()
    for other in (pooled, plain):
        load_starting_weights(other, weights=BundleWeights(bundle.folder, head=True))
    pictures = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    lungs = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        torch.testing.assert_close(pooled.inside(pictures, lungs), network.inside(pictures, lungs), rtol=0, atol=5e-3)
        torch.testing.assert_close(plain(pictures), network.inside(pictures, lungs * 0 + 1)[0], rtol=0, atol=5e-3)


def test_a_run_that_has_ended_gives_its_bundle_and_one_without_lungs_is_refused(run, bundle, records, lungs, tmp_path):
    data = split_data(RECIPE, records=records)
    again = train_specialist(RECIPE, data=data, provenance=PROVENANCE, place=RunPlace(folder=run), lungs=lungs)
    assert again.sha256 == bundle.sha256
    with pytest.raises(
        UsageError, match="Missing option: --lungs MODEL, the lung model that drew the lungs for tiny-pooled"
    ):
        train_specialist(RECIPE, data=data, provenance=PROVENANCE, place=RunPlace(folder=tmp_path / "other"))
    bare = split_data(RECIPE, records=[replace(record, lung_mask=None) for record in records])
    with pytest.raises(DataError, match="has lungs that are drawn and reliable"):
        train_specialist(
            RECIPE, data=bare, provenance=PROVENANCE, place=RunPlace(folder=tmp_path / "bare"), lungs=lungs
        )

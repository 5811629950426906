"""A tiny SDFN to its bundle: what stands on the card, and that it reads what the networks say."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from fabricate_bundle import ToyBundle
from fabricate_chest_table import fabricate_chest_table
from fabricate_lungs import write_lung_bundle
from fabricate_sdfn import tiny_sdfn
from hilum.bundle.load import load_bundle
from hilum.bundle.seen_images import seen_images_of
from hilum.datasets.own.own_table import read_own_table
from hilum.errors import BundleError, DataError, UsageError
from hilum.reading.reader import Reader
from hilum.statistics.auroc import auroc
from hilum.statistics.calibration import calibrate
from hilum.training.data.lung_boxes import with_lung_boxes
from hilum.training.data.make_split import make_splits
from hilum.training.data.training_data import split_data
from hilum.training.export import fusion_bundle
from hilum.training.export.classifier_draft import classifier_draft
from hilum.training.export.export_bundle import Allowed
from hilum.training.export.read_fusion import read_fusion
from hilum.training.loop.fusion_networks import predict_fusion, train_fusion
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace
from hilum.training.train import train_specialist

PROVENANCE = Provenance(command="hilum train sdfn (miniature)", commit=None, data=("fabricated",))


@pytest.fixture(scope="module")
def lungs(tmp_path_factory):
    return write_lung_bundle(tmp_path_factory.mktemp("lungs") / "toy-lungs")


@pytest.fixture(scope="module")
def records(tmp_path_factory, lungs):
    folder = fabricate_chest_table(tmp_path_factory.mktemp("chests") / "data", patients=40)
    return with_lung_boxes(read_own_table(folder), bundle=lungs, memory=None)


@pytest.fixture(scope="module")
def run(records, lungs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    recipe = tiny_sdfn(epochs=4)
    data = split_data(recipe, records=records)
    train_specialist(recipe, data=data, provenance=PROVENANCE, place=RunPlace(folder=folder), lungs=lungs)
    return folder


@pytest.fixture(scope="module")
def split(records):
    return make_splits(tiny_sdfn(epochs=4), records=records)["fusion"]


@pytest.fixture(scope="module")
def draft(split, lungs):
    return classifier_draft(
        tiny_sdfn(epochs=4),
        splits={"fusion": split},
        started_from="random",
        provenance=PROVENANCE,
        smoke=False,
        lungs=lungs,
    )


@pytest.fixture(scope="module")
def networks(run, split):
    return train_fusion(tiny_sdfn(epochs=4), split=split, place=RunPlace(folder=run))  # loaded: all stages have ended


@pytest.mark.slow
def test_the_card_says_what_a_fusion_is(run, lungs, split):
    card = load_bundle(run / "bundle").card
    assert card.kind == "fusion"
    assert card.architecture == "fusion of two squeezenet1_1"
    fusion = card.fusion
    assert card.preprocess == tiny_sdfn().preprocess
    assert fusion.crop_preprocess.needs_lungs
    assert fusion.crop_preprocess.steps[1:] == card.preprocess.steps
    count = len(split.parts["validation"])
    assert f"80 x 96 pixels in {count} of {count} validation pictures" in fusion.crop_source
    assert fusion.lungs_sha256 == card.training.lungs_sha256 == lungs.sha256
    assert (fusion.lungs, fusion.lungs_preprocess) == (lungs.card.lungs, lungs.card.preprocess)
    assert load_bundle(run / "bundle").read("lungs.onnx") == lungs.read("model.onnx")
    seen = seen_images_of(load_bundle(run / "bundle"))
    assert {row.tobytes().hex() for row in seen.train.files} == {r.sha256[:16] for r in split.parts["train"]}
    assert {row.tobytes().hex() for row in seen.validation.files} == {r.sha256[:16] for r in split.parts["validation"]}
    assert "lungs.onnx: Apache-2.0" in card.weights_licence
    assert json.loads((run / "run.json").read_text())["lungs_sha256"] == lungs.sha256


@pytest.mark.slow
def test_each_head_is_fitted_on_the_validation_pictures_that_it_reads(run, records, split, networks):
    card = load_bundle(run / "bundle").card
    validation = split.parts["validation"]
    boxed = [record for record in validation if record.lung_box is not None]
    assert 0 < len(boxed) < len(validation)
    logits = predict_fusion(networks, records=validation)
    rows = np.array([record.lung_box is not None for record in validation])
    everything = np.ones(len(rows), bool)
    for labels, head, kept, said in (
        (card.labels, logits.fusion, rows, "validation, lungs trusted"),
        (card.fusion.whole_labels, logits.whole, everything, "validation"),
        (card.fusion.crop_labels, logits.crop, everything, "validation"),
    ):
        assert [label.name for label in labels] == ["Effusion", "Nodule"]
        for column, label in enumerate(labels):
            (result,) = label.results
            truth = np.array([record.labels[label.name] for record in validation])[kept]
            assert (result.set, result.n, result.positives) == (said, len(truth), int(truth.sum()))
            assert result.auroc == pytest.approx(auroc(truth, scores=head[kept, column]), abs=0.01)


@pytest.mark.slow
def test_the_bundle_read_by_the_engine_says_what_the_networks_say(run, records, networks):
    chosen = records[:12]
    assert any(record.lung_box is None for record in chosen)
    read = read_fusion(chosen, bundle=load_bundle(run / "bundle"))
    expected = predict_fusion(networks, records=chosen)
    for found, wanted in ((read.whole, expected.whole), (read.crop, expected.crop), (read.fusion, expected.fusion)):
        assert np.abs(found - wanted).max() < 0.02, "half precision weights"
    assert read.sizes == Counter({(80, 96): 12})


@pytest.mark.slow
def test_a_reader_with_the_bundle_alone_says_the_validation_probabilities_of_the_networks(run, split, networks):
    """It draws the lungs itself, with the graph in the bundle; where they are not trusted the whole picture reads."""
    bundle = load_bundle(run / "bundle")
    reader, validation = Reader(models=[bundle]), split.parts["validation"]
    expected = predict_fusion(networks, records=validation)
    for row, record in enumerate(validation):
        trusted = record.lung_box is not None
        labels, logits = (
            (bundle.card.labels, expected.fusion) if trusted else (bundle.card.fusion.whole_labels, expected.whole)
        )
        findings = reader.read(record.path).findings
        assert [finding.name for finding in findings] == [label.name for label in labels]
        for finding, label, logit in zip(findings, labels, logits[row], strict=True):
            wanted = calibrate(logit, slope=label.calibration.slope, intercept=label.calibration.intercept)
            assert finding.probability == pytest.approx(float(wanted), abs=1e-3)
            assert finding.operating_point == label.operating_point


@pytest.mark.slow
def test_a_bundle_that_reads_otherwise_is_not_written(networks, split, draft, lungs, tmp_path, monkeypatch):
    monkeypatch.setattr(fusion_bundle, "AS_READ", Allowed(loss=0.002, difference=-1.0))
    with pytest.raises(BundleError, match="No bundle was written"):
        write(networks, split=split, draft=draft, lungs=lungs, folder=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_validation_without_trusted_lungs_and_a_bundle_without_any_are_refused(networks, split, draft, lungs, tmp_path):
    without = {part: tuple(replace(record, lung_box=None) for record in there) for part, there in split.parts.items()}
    with pytest.raises(DataError, match="No validation image in validation has reliable lungs"):
        write(networks, split=replace(split, parts=without), draft=draft, lungs=lungs, folder=tmp_path)
    with pytest.raises(BundleError, match=r"toy is a model of kind .* one of kind lungs is needed"):
        write(networks, split=split, draft=draft, lungs=ToyBundle().write(tmp_path / "toy"), folder=tmp_path)


def test_a_recipe_that_crops_needs_what_drew_the_boxes(records, tmp_path):
    recipe = tiny_sdfn()
    data = split_data(recipe, records=records)
    with pytest.raises(UsageError, match="the lung model that drew the"):
        train_specialist(recipe, data=data, provenance=PROVENANCE, place=RunPlace(folder=tmp_path))
    assert not list(tmp_path.iterdir())


def write(networks, *, split, draft, lungs, folder):
    fusion_bundle.write_fusion_bundle(
        networks,
        split=split,
        draft=draft,
        lungs=lungs,
        place=RunPlace(folder=folder),
        seen={},
    )

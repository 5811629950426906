"""A model that reads the crop to the lungs is judged with the lungs that it was trained with, and with no other."""

import numpy as np
import pytest

from fabricate_bundle import ToyBundle
from fabricate_chest_table import fabricate_chest_table
from fabricate_lungs import write_lung_bundle
from hilum.bundle.card import Card
from hilum.bundle.save import write_bundle
from hilum.datasets.own.own_table import read_own_table
from hilum.errors import BundleError
from hilum.evaluation.bundles.evaluate import EvaluationSettings, evaluate_part
from hilum.evaluation.bundles.part import official_part
from hilum.imaging.preprocess import CropLungs, PreprocessSpec
from hilum.reading.reader import Reader


@pytest.fixture(scope="module")
def lungs(tmp_path_factory):
    return write_lung_bundle(tmp_path_factory.mktemp("lungs") / "toy-lungs")


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return read_own_table(fabricate_chest_table(tmp_path_factory.mktemp("chests") / "data", patients=10))


def cropped(folder, *, lungs):
    toy = ToyBundle(labels=("Effusion",))
    card, steps = toy.card(), toy.preprocess.steps
    spec = PreprocessSpec(steps=(CropLungs(), *steps), mean=card.preprocess.mean, std=card.preprocess.std)
    training = card.training.model_copy(update={"lungs_sha256": lungs.sha256})
    made = card.model_copy(update={"preprocess": spec, "training": training})
    return write_bundle(folder, card=Card.model_validate(made.model_dump(by_alias=True)), files=toy.files())


def judge(bundle, records, folder, *, lungs):
    return evaluate_part(
        bundle,
        part=official_part(records, bundle=bundle, name="train"),
        run=None,
        folder=folder,
        ledger=folder / "ledger.csv",
        settings=EvaluationSettings(replicates=100),
        progress=lambda done, count: None,
        lungs=lungs,
    ).judged.predicted.predictions


def test_predictions_are_of_the_crop(records, lungs, tmp_path):
    bundle = cropped(tmp_path / "bundle", lungs=lungs)
    found = judge(bundle, records, tmp_path / "out", lungs=lungs)
    reader = Reader(models=[bundle, lungs])
    paths = {record.image: record.path for record in records}
    for image, score in zip(found.image, found.scores[:, 0], strict=True):
        assert score == pytest.approx(reader.read(paths[image]).findings[0].probability)
    plain = ToyBundle(labels=("Effusion",)).write(tmp_path / "plain")
    whole = judge(plain, records, tmp_path / "whole", lungs=None)
    assert not np.allclose(whole.scores, found.scores), "the crop is another picture"


def test_other_lungs_and_none_are_refused(records, lungs, tmp_path):
    bundle = cropped(tmp_path / "bundle", lungs=lungs)
    other = write_lung_bundle(tmp_path / "other", name="other-lungs")
    for given, said in ((None, "given: none"), (other, "given: other-lungs")):
        with pytest.raises(BundleError, match=f"was trained with .*{said}.*--lungs"):
            judge(bundle, records, tmp_path / "out", lungs=given)
    assert not (tmp_path / "out" / "predictions.parquet").exists()

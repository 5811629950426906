from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fabricate_kermany import fabricate_kermany
from fabricate_recipe import SMALL
from hilum.bundle.load import load_bundle
from hilum.bundle.seen_images import seen_images_of
from hilum.datasets.releases.kermany import read_kermany
from hilum.errors import UsageError
from hilum.networks.starting_weights import RandomWeights
from hilum.reading.reader import Reader
from hilum.systems.pneumonia.recipe import pneumonia
from hilum.training.data.make_split import make_splits
from hilum.training.data.permuted_labels import with_permuted_labels
from hilum.training.data.training_data import split_data
from hilum.training.loop.task_module import TaskModule
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.samplers import LabelBalanced
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace
from hilum.training.train import run_recorded, train_specialist

PROVENANCE = Provenance(command="hilum train pneumonia (miniature)", commit=None, data=("fabricated",))


def miniature(*, epochs: int):
    whole = pneumonia(RandomWeights())
    stage = replace(
        whole.last,
        split=replace(whole.last.split, shares={"train": 0.5, "calibration": 0.25, "operating point": 0.25}),
        augmentation=Augmentation(crop_area=(0.8, 1.0), gain=0.2),
        sampler=LabelBalanced(images_per_epoch=96),
        epochs=epochs,
        batch_size=8,
    )
    # resnet18 learns from random weights in seconds
    return replace(whole, backbone="resnet18", preprocess=SMALL, stages=(stage,))


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return read_kermany(fabricate_kermany(tmp_path_factory.mktemp("kermany") / "chest_xray"))


def run(records, *, epochs: int, folder: Path):
    recipe = miniature(epochs=epochs)
    data = split_data(recipe, records=records)
    return train_specialist(recipe, data=data, provenance=PROVENANCE, place=RunPlace(folder=folder))


@pytest.mark.slow
def test_the_recipe_ends_in_a_bundle_that_reads(records, tmp_path):
    bundle = run(records, epochs=2, folder=tmp_path)
    card = load_bundle(tmp_path / "bundle").card
    label = card.labels[0]
    assert label.name == "Pneumonia"
    assert [result.set for result in label.results] == [
        "validation, calibration part",
        "validation, operating-point part",
        "validation, operating-point part, softened",
    ]
    assert card.training.split_sha256 == make_splits(miniature(epochs=2), records=records)["train"].sha256
    seen, parts = seen_images_of(bundle), make_splits(miniature(epochs=2), records=records)["train"].parts
    assert {row.tobytes().hex() for row in seen.train.files} == {r.sha256[:16] for r in parts["train"]}
    chosen_on = (*parts["calibration"], *parts["operating point"])
    assert {row.tobytes().hex() for row in seen.validation.files} == {r.sha256[:16] for r in chosen_on}
    reading = Reader(models=[bundle]).read(records[0].path)
    assert 0.0 <= reading.findings[0].probability <= 1.0


@pytest.mark.parametrize("seed", [2, None])
def test_a_run_of_labels_dealt_otherwise_is_another_run(records, tmp_path, seed):
    recipe = miniature(epochs=1)
    data = split_data(recipe, records=records)

    def begin(seed):
        given = data if seed is None else with_permuted_labels(data, seed=seed)
        run_recorded(
            recipe,
            data=given,
            provenance=PROVENANCE,
            folder=tmp_path / "run",
            smoke=True,
            train=lambda: trained.append(seed),
        )

    trained = []
    begin(1)
    begin(1)
    with pytest.raises(UsageError, match=f"its permuted_labels is 1, here {seed}"):
        begin(seed)
    assert trained == [1, 1]


class StoppedError(Exception):
    pass


@pytest.mark.slow
def test_a_stopped_run_goes_on_and_ends_where_an_unbroken_one_ends(records, tmp_path, monkeypatch):
    unbroken = run(records, epochs=3, folder=tmp_path / "unbroken")
    end_of_validation = TaskModule.on_validation_epoch_end
    epochs_seen, stop_once = [], [2]

    def watch(module):
        epochs_seen.append(module.current_epoch)
        if module.current_epoch in stop_once:
            stop_once.clear()
            raise StoppedError
        end_of_validation(module)

    monkeypatch.setattr(TaskModule, "on_validation_epoch_end", watch)
    with pytest.raises(StoppedError):
        run(records, epochs=3, folder=tmp_path / "broken")
    assert not (tmp_path / "broken" / "bundle").exists()
    resumed = run(records, epochs=3, folder=tmp_path / "broken")
    assert epochs_seen == [0, 1, 2, 2], "the third epoch alone was run again"
    sources = [record.path for record in records[:6]]
    logits = [[Reader(models=[b]).read(path).findings[0].logit for path in sources] for b in (unbroken, resumed)]
    assert np.allclose(logits[0], logits[1], rtol=0.05, atol=0.05)


def test_no_official_test_image_and_no_copy_of_one_is_trained_on(tmp_path):
    folder = fabricate_kermany(tmp_path / "chest_xray", train=12, test=4)
    stolen = folder / "train" / "NORMAL" / "IM-0099-0001.jpeg"
    stolen.write_bytes(next((folder / "test" / "NORMAL").glob("*.jpeg")).read_bytes())
    split = make_splits(miniature(epochs=1), records=read_kermany(folder))["train"]
    assert {r.official for r in split.parts["test"]} == {"test"}
    fitted_on = [r for part in ("train", "calibration", "operating point") for r in split.parts[part]]
    assert {r.official for r in fitted_on} == {"train"}
    assert not {r.sha256 for r in fitted_on} & {r.sha256 for r in split.parts["test"]}
    assert all(r.path != stolen for r in fitted_on)

from dataclasses import replace

import numpy as np
import pytest
import torch

from fabricate_chest_table import fabricate_chest_table
from fabricate_lungs import write_lung_bundle
from fabricate_recipe import tiny_recipe
from fabricate_sdfn import tiny_sdfn
from hilum.datasets.own.own_table import read_own_table
from hilum.errors import UsageError
from hilum.imaging.decode import decode
from hilum.imaging.preprocess import preprocess
from hilum.training.data.lung_boxes import with_lung_boxes
from hilum.training.data.make_split import make_splits
from hilum.training.loop import stages
from hilum.training.loop.fusion_features import FEATURES, pooled_features
from hilum.training.loop.fusion_networks import predict_fusion, train_fusion
from hilum.training.loop.task_module import TaskModule
from hilum.training.records.run_place import RunPlace


class StoppedError(Exception):
    pass


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chests")
    lungs = write_lung_bundle(folder / "toy-lungs")
    return with_lung_boxes(read_own_table(fabricate_chest_table(folder / "data")), bundle=lungs, memory=None)


@pytest.fixture(scope="module")
def split(records):
    return make_splits(tiny_sdfn(), records=records)["fusion"]


@pytest.fixture(scope="module")
def unbroken(split, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    return folder, train_fusion(tiny_sdfn(), split=split, place=RunPlace(folder=folder))


def test_every_stage_of_a_fusion_has_one_split(records):
    splits = make_splits(tiny_sdfn(), records=records)
    assert len({split.sha256 for split in splits.values()}) == 1


def test_the_fusion_changes_neither_network(unbroken):
    folder, networks = unbroken
    for name, network in (("whole", networks.fused.whole), ("crop", networks.fused.crop)):
        kept, _ = stages.load_weights(folder / name / "weights.safetensors")
        state = network.state_dict()
        assert all(torch.equal(state[key], kept[key]) for key in state)
    head = networks.fused.fusion.head.weight
    fresh = stages.new_head(networks.recipe, stage=networks.recipe.last, features=head.shape[1]).head.weight
    assert not torch.equal(head, fresh), "the linear layer was trained"
    assert not (folder / "fusion" / FEATURES).exists(), "features are not kept beyond the stage"
    assert "the stages whole and crop, frozen" in networks.started_from


def test_predictions_are_what_the_networks_say_of_prepared_pictures(unbroken, records, split):
    _, networks = unbroken
    chosen = [*split.parts["validation"][:4], next(record for record in records if record.lung_box is None)]
    logits = predict_fusion(networks, records=chosen)
    assert logits.whole.shape == logits.crop.shape == logits.fusion.shape == (5, 2)
    whole, crop, _ = networks.recipe.stages
    for row, record in enumerate(chosen):
        pixels = decode(record.path.read_bytes(), name=record.image).pixels
        inputs = [
            torch.from_numpy(
                preprocess(pixels, spec=networks.recipe.preprocess_of(stage), lung_box=record.lung_box).array
            )[None]
            for stage in (whole, crop)
        ]
        with torch.inference_mode():
            out = networks.fused.outputs(*inputs)
        assert np.allclose(logits.whole[row], out.whole_logits[0], atol=1e-5)
        assert np.allclose(logits.crop[row], out.crop_logits[0], atol=1e-5)
        assert np.allclose(logits.fusion[row], out.logits[0], atol=1e-5)
        if record.lung_box is None:
            assert torch.equal(*inputs), "without trusted lungs the crop is the whole picture"


def test_the_networks_learn(unbroken, split):
    _, networks = unbroken
    truth = np.array([record.labels["Effusion"] for record in split.parts["train"]])
    logits = predict_fusion(networks, records=split.parts["train"])
    assert logits.fusion[truth == 1, 0].mean() > logits.fusion[truth == 0, 0].mean()


@pytest.mark.slow
def test_a_fusion_stopped_anywhere_ends_as_an_unbroken_one(unbroken, split, tmp_path, monkeypatch):
    step, seen = TaskModule.training_step, []
    stop_at = [3, 9, 16, 18]  # in whole, in crop, in the first and in the second epoch of the fusion

    def watched(module, batch, batch_idx):
        seen.append(module.plan.name)
        if stop_at and len(seen) == stop_at[0]:
            stop_at.pop(0)
            raise StoppedError
        return step(module, batch, batch_idx)

    monkeypatch.setattr(TaskModule, "training_step", watched)
    for _ in range(4):
        with pytest.raises(StoppedError):
            train_fusion(tiny_sdfn(), split=split, place=RunPlace(folder=tmp_path))
    resumed = train_fusion(tiny_sdfn(), split=split, place=RunPlace(folder=tmp_path))
    assert set(seen) == {"whole", "crop", "fusion"}
    expected = unbroken[1].fused.state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in resumed.fused.state_dict().items())


@pytest.mark.slow
def test_features_are_kept_for_the_same_networks_and_pictures_alone(unbroken, split, tmp_path, monkeypatch):
    folder, _ = unbroken
    for name in ("whole", "crop"):
        (tmp_path / name).mkdir()
        weights = (folder / name / "weights.safetensors").read_bytes()
        (tmp_path / name / "weights.safetensors").write_bytes(weights)
    made = []
    monkeypatch.setattr(
        "hilum.training.loop.fusion_features.pooled_features",
        lambda *a, **k: made.append(1) or pooled_features(*a, **k),
    )

    def die(module, batch, batch_idx):
        raise StoppedError

    monkeypatch.setattr(TaskModule, "training_step", die)
    unboxed = {part: tuple(replace(r, lung_box=None) for r in rs) for part, rs in split.parts.items()}
    for use, expected in ((split, 2), (split, 2), (replace(split, parts=unboxed), 4)):
        with pytest.raises(StoppedError):
            train_fusion(tiny_sdfn(), split=use, place=RunPlace(folder=tmp_path))
        assert len(made) == expected, "one for each part, and none where nothing has changed"


def test_a_recipe_that_ends_in_no_fusion_is_refused(split, tmp_path):
    with pytest.raises(UsageError, match=r"tiny (ends in .*, which is not|does not end in) a fusion"):
        train_fusion(tiny_recipe(), split=split, place=RunPlace(folder=tmp_path))

from dataclasses import replace

import numpy as np
import pytest
import torch

from fabricate_chest_table import fabricate_chest_table
from fabricate_lungs import write_lung_bundle
from fabricate_sdfn import tiny_sdfn
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.prepared.images import prepare_image
from hilum.datasets.splits.split import Split
from hilum.errors import UsageError
from hilum.imaging.preprocess import normalise
from hilum.training.data.images import IN_MEMORY
from hilum.training.data.lung_boxes import with_lung_boxes
from hilum.training.data.make_split import make_splits
from hilum.training.data.stage_data import image_data, watched_parts
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.flips import is_flipped


def test_a_stage_that_crops_learns_from_crops_mirrored_by_chance_and_is_watched_on_them_as_they_are(tmp_path):
    recipe = tiny_sdfn(augmentation=Augmentation())
    whole, crop, _ = recipe.stages
    records = read_own_table(fabricate_chest_table(tmp_path / "data", patients=10))
    boxed = with_lung_boxes(records, bundle=write_lung_bundle(tmp_path / "toy-lungs"), memory=None)
    split = make_splits(recipe, records=boxed)["crop"]
    shown = {}
    for stage in (whole, crop):
        data = image_data(recipe, stage=stage, split=split, preparation=IN_MEMORY)
        spec = recipe.preprocess_of(stage)
        record = split.parts["train"][0]
        plain = torch.from_numpy(normalise(prepare_image(record, spec=spec), spec=spec))
        for seed in range(6):
            picture, targets = data.training[0, seed]
            expected = plain.flip(-1) if is_flipped(probability=0.5, seed=seed) else plain
            assert torch.allclose(picture, expected, atol=1e-5)
            assert torch.equal(targets, torch.from_numpy(data.targets[0]))
        watched = [data.validation["validation"][index][0] for index in range(data.counts["validation"])]
        of_files = [normalise(prepare_image(one, spec=spec), spec=spec) for one in split.parts["validation"]]
        assert all(np.array_equal(one, other) for one, other in zip(watched, of_files, strict=True))
        shown[stage.name] = plain
    assert not torch.allclose(shown["whole"], shown["crop"])


def test_a_split_of_the_part_train_alone_is_learnt_from_whole_and_watched_nowhere(tmp_path):
    (stage, *_) = tiny_sdfn(augmentation=Augmentation()).stages
    records = [one for one in read_own_table(fabricate_chest_table(tmp_path, patients=10)) if one.official != "test"]
    everything = Split({"train": tuple(records)}, "all")
    data = image_data(tiny_sdfn(), stage=stage, split=everything, preparation=IN_MEMORY)
    assert (len(data.targets), data.validation, data.counts) == (len(records), {}, {})
    by_score = replace(stage, selection=replace(stage.selection, keep="best"))
    with pytest.raises(UsageError, match="whole chooses its epoch on validation images"):
        watched_parts(by_score, split=everything)
    assert watched_parts(by_score, split=Split({"train": (), "validation": ()}, "two")) == ("validation",)

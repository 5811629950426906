"""A picture that is marked where its mask lies: the plane must be found where the marks are, whatever was drawn."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fabricate_recipe import tiny_recipe, tiny_stage
from hilum.datasets.records.files import file_sha256
from hilum.datasets.records.packed_mask import PackedMask
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import Split
from hilum.errors import DataError
from hilum.reading.lungs.on_input import widened
from hilum.training.data.images import IN_MEMORY, PlainImages, load_images
from hilum.training.data.lung_planes import lung_planes
from hilum.training.data.stage_data import image_data
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.flips import is_flipped
from hilum.training.recipe.lung_pooling import LungPooling

SIDE = 32
FRAMING = Augmentation(crop_area=(0.5, 1.0), aspect=0.2, rotation_deg=20.0)
PLAIN = LungPooling(widen=0.0, plain_share=0.0)
RECIPE = replace(tiny_recipe(), lung_pooling=PLAIN, stages=(tiny_stage(augmentation=FRAMING, flip_probability=0.5),))


def record(folder: Path, mask: np.ndarray, *, known: bool = True) -> Record:
    """A picture that is white where the mask is and black elsewhere, but for its number in the last pixel."""
    number = len(list(folder.iterdir()))
    path = folder / f"{number}.png"
    grey = (mask * 255).astype(np.uint8)
    grey[-1, -1] = number
    Image.fromarray(grey).save(path)
    return Record(
        path=path,
        image=path.name,
        patient=path.stem,
        source="table",
        official=None,
        labels={"Effusion": 1.0, "Nodule": 0.0},
        stratum="",
        sha256=file_sha256(path),
        lung_mask=PackedMask.of(mask) if known else None,
    )


@pytest.fixture
def mask() -> np.ndarray:
    made = np.zeros((SIDE, SIDE), np.bool_)
    made[8:16, 4:10] = made[12:26, 18:22] = True
    return made


def data_of(*records, watched=(), pooling=PLAIN):
    split = Split({"train": tuple(records), "validation": tuple(watched)}, "all")
    return image_data(replace(RECIPE, lung_pooling=pooling), stage=RECIPE.last, split=split, preparation=IN_MEMORY)


def test_the_plane_of_a_training_picture_lies_where_the_picture_shows_it(tmp_path, mask):
    data = data_of(record(tmp_path, mask))
    seen = set()
    for seed in range(30):
        sample, _ = data.training[0, seed]
        assert sample.shape == (4, SIDE, SIDE)
        grey = sample[0] * 0.5 + 0.5  # the recipe's mean and deviation
        assert torch.allclose(sample[3], grey, atol=1e-5), "the picture is its own mask"
        seen.add(is_flipped(probability=0.5, seed=seed))
    assert seen == {True, False}


def test_a_watched_picture_has_its_plane_as_it_was_drawn_but_widened(tmp_path, mask):
    one, other = record(tmp_path, mask), record(tmp_path, mask)
    data = data_of(one, watched=[other], pooling=LungPooling(widen=0.1))
    sample, _ = data.validation["validation"][0]
    assert np.array_equal(sample[3].numpy() > 0, widened(mask, share=0.1))
    assert np.array_equal(sample[3].numpy() == 1, widened(mask, share=0.1))


def test_a_picture_whose_lungs_are_not_known_is_averaged_over_whole_and_so_are_some_draws(tmp_path, mask):
    known = [record(tmp_path, mask) for _ in range(2)]
    unknown = [record(tmp_path, mask, known=False) for _ in range(2)]
    pooling = LungPooling(widen=0.0, plain_share=0.5)
    data = data_of(known[0], unknown[0], watched=(known[1], unknown[1]), pooling=pooling)
    whole = [bool((data.training[0, seed][0][3] == 1).all()) for seed in range(40)]
    assert whole == [LungPooling(plain_share=0.5).is_plain(seed=seed) for seed in range(40)]
    assert 5 < sum(whole) < 35
    assert all(bool((data.training[1, seed][0][3] == 1).all()) for seed in range(10))
    assert bool((data.validation["validation"][1][0][3] == 1).all())
    assert not bool((data.validation["validation"][0][0][3] == 1).all()), "chance is for training alone"


def test_the_picture_of_a_plain_draw_is_that_of_any_other(tmp_path, mask):
    one = record(tmp_path, mask)
    pooled, plain = data_of(one), data_of(one, pooling=LungPooling(plain_share=0.99))
    for seed in range(5):
        assert torch.equal(pooled.training[0, seed][0][:3], plain.training[0, seed][0][:3])


def test_without_pooling_no_plane_is_added(tmp_path, mask):
    one = record(tmp_path, mask)
    images = load_images([one], spec=RECIPE.preprocess, labels=())
    assert PlainImages(images, spec=RECIPE.preprocess)[0][0].shape == (3, SIDE, SIDE)


def test_lungs_of_another_size_and_a_training_without_lungs_are_refused(tmp_path, mask):
    with pytest.raises(DataError, match=r"drawn on 16 x 32 pixels, .* 32 x 32.*for the recipe's preprocessing"):
        lung_planes([record(tmp_path, mask[:16])], size=(SIDE, SIDE), pooling=PLAIN)
    with pytest.raises(DataError, match="No training image of train has lungs that are drawn and reliable"):
        data_of(record(tmp_path, mask, known=False))

import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from fabricate_kermany import fabricate_kermany
from hilum.datasets.releases.kermany import read_kermany
from hilum.errors import DataError, HilumError
from hilum.imaging.decode import decode
from hilum.imaging.preprocess import PreprocessSpec, Resize, normalise, preprocess
from hilum.training.data.batches import SideBySide, as_batch
from hilum.training.data.images import PlainImages, Preparation, TrainingImages, load_images, targets_of
from hilum.training.recipe.augment import Augmentation, augment
from hilum.training.recipe.samplers import ShuffledSampler

SPEC = PreprocessSpec(steps=(Resize(height=32, width=40, rule="stretch"),), mean=(0.5, 0.4), std=(0.5, 0.2))


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return read_kermany(fabricate_kermany(tmp_path_factory.mktemp("kermany"), train=4, test=2))


def test_training_and_reading_see_the_same_array_to_the_last_bit(records):
    images = load_images(records, spec=SPEC, labels=("Pneumonia",))
    plain = PlainImages(images, spec=SPEC)
    for index, record in enumerate(records):
        radiograph = decode(record.path.read_bytes(), name=record.image)
        read = preprocess(radiograph.pixels, spec=SPEC).array
        array, target = plain[index]
        assert array.numpy().tobytes() == read.tobytes()
        assert float(target[0]) == record.labels["Pneumonia"]


def test_without_augmentation_training_sees_it_too(records):
    images = load_images(records[:2], spec=SPEC, labels=("Pneumonia",))
    array, _ = TrainingImages(images, spec=SPEC, augmentation=Augmentation())[1, 7]
    assert torch.allclose(array, PlainImages(images, spec=SPEC)[1][0], atol=1e-4)


def test_a_label_that_a_release_lacks_is_missing_not_negative(records):
    images = load_images(records[:3], spec=SPEC, labels=("Pneumonia", "Mass"))
    assert np.isnan(images.targets[:, 1]).all()


def test_a_specification_without_a_size_is_refused(records):
    with pytest.raises(DataError, match="resize step"):
        load_images(records, spec=SPEC.model_copy(update={"steps": ()}), labels=("Pneumonia",))


@pytest.fixture(scope="module")
def cached(records, tmp_path_factory):
    preparation = Preparation(cache=tmp_path_factory.mktemp("cache"), jobs=2)
    return load_images(records, spec=SPEC, labels=("Pneumonia", "Mass"), preparation=preparation)


def test_the_cache_and_memory_give_the_same_images_and_targets(records, cached):
    loaded = load_images(records, spec=SPEC, labels=("Pneumonia", "Mass"))
    assert (
        np.stack([cached.grey[index] for index in range(len(records))]).tobytes() == np.asarray(loaded.grey).tobytes()
    )
    assert np.array_equal(cached.targets, loaded.targets, equal_nan=True)
    assert np.isnan(cached.targets[:, 1]).all()
    assert cached.targets[:, 0].tolist() == [record.labels["Pneumonia"] for record in records]


STRONG = Augmentation(crop_area=(0.5, 1.0), rotation_deg=20.0, blur_probability=0.5, gain=0.3, noise=0.05)


def _epoch(images, *, epoch, workers, context=None, wrong_start=False):
    sampler = ShuffledSampler(len(images.grey), seed=5)
    sampler.set_epoch(epoch)
    loader = DataLoader(
        SideBySide(TrainingImages(images, spec=SPEC, augmentation=STRONG)),
        batch_size=4,
        sampler=sampler,
        num_workers=workers,
        multiprocessing_context=context,
        collate_fn=as_batch,
    )
    if wrong_start:
        torch.manual_seed(99)
    batches = list(loader)
    return torch.cat([array for array, _ in batches]), torch.cat([target for _, target in batches])


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_an_epoch_is_decided_by_seed_epoch_and_index_whichever_process_prepares_it(cached, context):
    alone, targets = _epoch(cached, epoch=3, workers=0)
    arrays, also = _epoch(cached, epoch=3, workers=2, context=context, wrong_start=True)
    assert arrays.numpy().tobytes() == alone.numpy().tobytes()
    assert torch.equal(also.nan_to_num(-1), targets.nan_to_num(-1))
    assert not torch.equal(_epoch(cached, epoch=4, workers=0)[0], alone)


@pytest.mark.parametrize("mean", [(0.5, 0.4, 0.3), (0.4, 0.4, 0.4), (0.5,)])
def test_an_augmented_image_is_normalised_as_reading_does(cached, mean):
    spec = SPEC.model_copy(update={"mean": mean, "std": (0.25,) * len(mean)})
    array, _ = TrainingImages(cached, spec=spec, augmentation=STRONG)[3, 7]
    grey = augment(torch.from_numpy(cached.grey[3]), settings=STRONG, seed=7).numpy()
    assert array.numpy().tobytes() == normalise(grey, spec=spec).tobytes()


def test_images_in_memory_are_not_changed(records):
    images = load_images(records, spec=SPEC, labels=("Pneumonia",))
    before = np.array(images.grey)
    dataset = TrainingImages(images, spec=SPEC, augmentation=STRONG)
    assert not np.array_equal(dataset[0, 1][0][0].numpy() * SPEC.std[0] + SPEC.mean[0], before[0])
    assert np.array_equal(images.grey, before)


def test_an_image_changes_from_epoch_to_epoch_as_its_seed_does(cached):
    dataset = TrainingImages(cached, spec=SPEC, augmentation=STRONG)
    assert torch.equal(dataset[0, 1][0], dataset[0, 1][0])
    assert not torch.equal(dataset[0, 1][0], dataset[0, 2][0])


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells which pages are shared")
def test_workers_share_the_pages_of_the_cache(tmp_path):
    """Each of two processes maps the same file, and none holds pages of it that are its own."""
    records = read_kermany(fabricate_kermany(tmp_path / "kermany", train=6, test=2))
    big = SPEC.model_copy(update={"steps": (Resize(height=256, width=256, rule="stretch"),)})
    preparation = Preparation(cache=tmp_path / "cache")
    images = load_images(records, spec=big, labels=("Pneumonia",), preparation=preparation)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        private = list(pool.map(_private_kilobytes, [images.grey] * 2, chunksize=1))
    assert private == [0, 0]


def _private_kilobytes(grey):
    assert all(grey[index].shape == (256, 256) for index in range(len(grey)))
    text = Path("/proc/self/smaps").read_text()
    mapped = [block for block in re.split(r"\n(?=[0-9a-f]+-[0-9a-f]+ )", text) if ".npy" in block.split("\n")[0]]
    assert mapped
    return sum(int(kb) for block in mapped for kb in re.findall(r"Private_Dirty: +(\d+) kB", block))


def test_a_bad_file_is_named_with_and_without_a_cache(tmp_path):
    folder = fabricate_kermany(tmp_path / "kermany", train=2, test=1)
    bad = next((folder / "train" / "NORMAL").iterdir())
    bad.write_bytes(b"no picture")
    records = read_kermany(folder)
    for preparation in (Preparation(), Preparation(cache=tmp_path / "cache")):
        with pytest.raises(HilumError, match=bad.name):
            load_images(records, spec=SPEC, labels=("Pneumonia",), preparation=preparation)


def test_no_record_has_no_targets_of_every_label():
    assert targets_of([], labels=("a", "b")).shape == (0, 2)

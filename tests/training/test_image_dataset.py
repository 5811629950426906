import numpy as np
import pytest
import torch

from fabricate_kermany import fabricate_kermany
from hilum.datasets.kermany import read_kermany
from hilum.errors import DataError
from hilum.imaging.decode import decode
from hilum.imaging.preprocess import PreprocessSpec, Resize, preprocess
from hilum.training.augment import Augmentation
from hilum.training.image_dataset import PlainImages, TrainingImages, load_images

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

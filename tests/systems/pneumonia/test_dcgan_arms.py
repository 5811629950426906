import numpy as np
import pytest
from PIL import Image

from fabricate_kermany import fabricate_kermany
from hilum.datasets.releases.kermany import read_kermany
from hilum.datasets.splits.split import TEST, Split
from hilum.errors import DataError
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.pneumonia.arms import uncalibrated_path
from hilum.systems.pneumonia.dcgan import SIDE
from hilum.systems.pneumonia.dcgan_arms import (
    FEW,
    GRID,
    dcgan_arm,
    features_of,
    keep_quality,
    read_quality,
    small_arm,
    synthetic_records,
)
from hilum.training.records.run_place import RunPlace
from hilum.training.study_fold import Fold


def test_synthetic_pictures_are_healthy_children_of_their_own(tmp_path):
    pictures = np.random.default_rng(0).random((3, SIDE, SIDE)).astype(np.float32)
    records = synthetic_records(pictures, name="fold 1", folder=tmp_path)
    assert len({record.patient for record in records}) == len({record.image for record in records}) == 3
    assert {record.labels["Pneumonia"] for record in records} == {0.0}
    written = np.asarray(Image.open(records[1].path))
    assert np.abs(written / 255 - pictures[1]).max() <= 0.5 / 255 + 1e-6
    with pytest.raises(DataError, match=r"quality\.json"):
        read_quality(tmp_path)


def test_features_are_those_of_pictures_at_the_networks_own_size():
    network = PooledClassifier("squeezenet1_1", labels=1).eval()
    flat = np.full((2, SIDE, SIDE), 0.25, np.float32)
    found = features_of(network, flat)
    assert found.shape == (2, 512)
    assert np.allclose(found[0], found[1])
    assert features_of(network, flat[:0]).shape == (0, 512)


def test_as_many_samples_as_children_are_compared(tmp_path):
    """Samples that are the children themselves lie as far away as they do, however many more were made."""
    pictures = np.random.default_rng(1).random((80, SIDE, SIDE)).astype(np.float32)
    learnt, children = pictures[:8], pictures[8:12]
    made = np.concatenate([children, pictures[12:80]])
    keep_quality(made, learnt=learnt, children=children, missing=3, start=RandomWeights(), folder=tmp_path)
    found = read_quality(tmp_path)
    assert (found.learnt_from, found.made, found.compared) == (8, 3, 4)
    assert found.distance == pytest.approx(found.of_children)


@pytest.mark.slow
def test_as_many_synthetic_children_are_learnt_from_as_healthy_ones_are_missing(tmp_path):
    records = read_kermany(fabricate_kermany(tmp_path / "release", train=24, test=4))
    train = [record for record in records if record.official == "train"]
    ill = [record for record in train if record.labels["Pneumonia"] == 1]
    well = [record for record in train if record.labels["Pneumonia"] == 0]
    parts = {
        "train": (*ill[:16], *well[:10]),
        "validation": (*ill[22:26], *well[22:26]),
        TEST: (*ill[28:], *well[28:]),
    }
    fold = Fold(name="fold 0", split=Split(parts, "by hand"), protocol="by hand", smoke=True)
    arm = dcgan_arm(small_arm(RandomWeights()).small, settings=FEW, start=RandomWeights())
    place = RunPlace(folder=tmp_path / "out" / "fold-0" / "dcgan")
    found = arm.run(fold, place)["dcgan"]
    assert found.n == len(parts[TEST])
    quality = read_quality(place.folder)
    assert (quality.learnt_from, quality.made, quality.compared) == (10, 6, len(well[28:]))
    assert quality.distance > 0
    assert quality.network == "mobilenet_v2, random"
    assert len(list((place.folder / "synthetic").glob("*.png"))) == 6
    assert Image.open(place.folder / GRID).size == (8 * SIDE, 8 * SIDE)
    says = CLASSIFIER.load(uncalibrated_path("dcgan", folder=place.folder.parent))
    assert says.image == found.image

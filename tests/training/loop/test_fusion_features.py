"""Features made once are those that running both extractors at every draw would give."""

from dataclasses import replace

import pytest
import torch

from fabricate_chest_table import fabricate_chest_table
from fabricate_lungs import write_lung_bundle
from fabricate_sdfn import tiny_sdfn
from hilum.datasets.own.own_table import read_own_table
from hilum.errors import DataError
from hilum.training.data.images import IN_MEMORY, TrainingImages, load_images
from hilum.training.data.lung_boxes import with_lung_boxes
from hilum.training.data.make_split import make_splits
from hilum.training.loop.fusion_features import Extractors, feature_data, pooled_features
from hilum.training.loop.stages import new_network
from hilum.training.recipe.flips import FlippedByChance, is_flipped
from hilum.training.recipe.recipe import NO_AUGMENTATION

RECIPE = tiny_sdfn()
FUSION = RECIPE.last


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chests")
    records = read_own_table(fabricate_chest_table(folder / "data", patients=15))
    boxed = with_lung_boxes(records, bundle=write_lung_bundle(folder / "toy-lungs"), memory=None)
    return make_splits(RECIPE, records=boxed)["fusion"]


@pytest.fixture(scope="module")
def extractors():
    networks = [new_network(replace(RECIPE, seed=seed), stage=RECIPE.stages[0]).eval() for seed in (1, 2)]
    return Extractors(*networks, FUSION.start)


def test_each_draw_is_what_the_extractors_say_of_the_pictures_mirrored_together(split, extractors, tmp_path):
    data = feature_data(
        RECIPE, stage=FUSION, extractors=extractors, split=split, folder=tmp_path, preparation=IN_MEMORY
    )
    records = split.parts["train"]
    shown = []
    for network, stage in extractors.pairs(RECIPE):
        spec = RECIPE.preprocess_of(stage)
        loaded = load_images(records, spec=spec, labels=FUSION.labels)
        pictures = TrainingImages(loaded, spec=spec, augmentation=NO_AUGMENTATION)
        shown.append((network, FlippedByChance(pictures, probability=FUSION.flip_probability)))
    flips = set()
    for draw in [(index, 1000 + seed) for index in (0, 5, len(records) - 1) for seed in range(4)]:
        features, targets = data.training[draw]
        flips.add(is_flipped(probability=0.5, seed=draw[1]))
        with torch.inference_mode():
            vectors = [network.features(pictures[draw][0][None]).mean(dim=(2, 3))[0] for network, pictures in shown]
        assert features.shape == (1024, 1, 1)
        assert torch.allclose(features[:, 0, 0], torch.cat(vectors), atol=1e-4)
        assert torch.equal(targets, torch.from_numpy(data.targets[draw[0]]))
    assert flips == {True, False}


def test_validation_is_never_mirrored(split, extractors, tmp_path):
    data = feature_data(
        RECIPE, stage=FUSION, extractors=extractors, split=split, folder=tmp_path, preparation=IN_MEMORY
    )
    records = split.parts["validation"]
    assert data.counts == {"validation": len(records)}
    plain = pooled_features(records, recipe=RECIPE, extractors=extractors, flipped=False, preparation=IN_MEMORY)
    for index in range(len(records)):
        assert torch.equal(data.validation["validation"][index][0][:, 0, 0], plain[index, 0])


def test_features_that_are_no_numbers_are_refused(split, tmp_path):
    network = new_network(RECIPE, stage=RECIPE.stages[0]).eval()
    broken = new_network(RECIPE, stage=RECIPE.stages[0]).eval()
    torch.nn.init.constant_(next(broken.parameters()), torch.nan)
    with pytest.raises(DataError, match="NaN or infinity instead of features"):
        feature_data(
            RECIPE,
            stage=FUSION,
            extractors=Extractors(network, broken, FUSION.start),
            split=split,
            folder=tmp_path,
            preparation=IN_MEMORY,
        )

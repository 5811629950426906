import pytest

from hilum.errors import DataError
from hilum.networks.pooled_classifier import BACKBONES
from hilum.networks.starting_weights import RandomWeights, WeightsFile
from hilum.systems.pneumonia.arms import paper_arms
from hilum.systems.pneumonia.network_arms import NETWORKS, network_arms, start_of
from hilum.systems.pneumonia.study import pneumonia_study
from hilum.training.recipe.samplers import LabelBalanced


def test_each_way_to_balance_differs_from_the_plain_network_in_that_alone():
    arms = {one.name: one for one in network_arms(RandomWeights(), starts=None)}
    plain = arms["plain"].settings

    def differs(name):
        own = arms[name].settings
        return {key for key in {*plain, *own} if plain.get(key) != own.get(key)}

    assert differs("weights") == {"stages.train.loss.weighting"}
    assert differs("sampling") == {"stages.train.sampler.kind", "stages.train.sampler.images_per_epoch"}
    assert isinstance(arms["sampling"].recipe.last.sampler, LabelBalanced)
    assert not any(arms[name].groupings for name in ("plain", "weights", "sampling"))


def test_the_papers_other_networks_follow_its_protocol():
    random, _ = paper_arms(RandomWeights())
    arms = {one.name: one for one in network_arms(RandomWeights(), starts=None)}
    assert set(NETWORKS) <= set(BACKBONES)
    for name in NETWORKS:
        recipe = arms[name].recipe
        assert recipe.backbone == name
        assert recipe.last == random.recipe.last
        assert recipe.preprocess.steps == random.recipe.preprocess.steps
        assert arms[name].groupings == random.groupings


def test_starting_weights_are_those_of_a_file_that_is_called_as_the_backbone(tmp_path):
    for name in ("squeezenet1_1_features_imagenet.safetensors", "resnet18.pth", "resnet18_b.pth", "mobilenet_v2_x.pth"):
        (tmp_path / name).touch()
    (tmp_path / "efficientnet_lite0.txt").touch()
    assert start_of("squeezenet1_1", folder=tmp_path) == WeightsFile(
        tmp_path / "squeezenet1_1_features_imagenet.safetensors"
    )
    assert start_of("resnet18", folder=tmp_path) == WeightsFile(tmp_path / "resnet18.pth")
    assert start_of("mobilenet_v1", folder=tmp_path) == RandomWeights(), "of mobilenet_v2 there is one"
    assert start_of("efficientnet_lite0", folder=tmp_path) == RandomWeights()
    assert start_of("resnet18", folder=None) == RandomWeights()
    with pytest.raises(DataError, match="the folder of the starting weights"):
        start_of("resnet18", folder=tmp_path / "none")


def test_every_further_arm_is_compared_with_the_papers_imagenet_network():
    arms = (*paper_arms(RandomWeights()), *network_arms(RandomWeights(), starts=None))
    study = pneumonia_study([one.words for one in arms])
    assert study.pairs[0] == ("imagenet", "random")
    assert {second for _, second in study.pairs[1:]} == {"imagenet"}
    assert len(study.pairs) == len(arms) - 1

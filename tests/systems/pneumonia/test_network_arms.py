from fabricate_progress import Heard
from hilum.networks.pooled_classifier import BACKBONES
from hilum.networks.starting_weights import RandomWeights, WeightsFile, starts_of
from hilum.systems.pneumonia.arms import paper_arms
from hilum.systems.pneumonia.network_arms import NETWORKS, network_arms, say_starts
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


def touched(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def test_starting_weights_are_those_of_a_file_that_is_called_as_the_backbone(tmp_path):
    lite = "efficientnet-lite0-57934424.pth"  # as it is published
    fire = "squeezenet1_1_features_imagenet.safetensors"
    folder = touched(tmp_path, fire, "resnet18.pth", "resnet18_b.pth", "mobilenet_v2_x.pth", lite, "resnet50.txt")
    found = starts_of(tuple(NETWORKS), folder=folder)
    assert found == {
        "resnet18": WeightsFile(folder / "resnet18.pth"),
        "mobilenet_v1": RandomWeights(),  # of mobilenet_v2 there is one
        "squeezenet1_1": WeightsFile(folder / fire),
        "efficientnet_lite0": WeightsFile(folder / lite),
    }
    arms = {one.name: one for one in network_arms(RandomWeights(), starts=folder)}
    assert {name: arms[name].recipe.last.start for name in NETWORKS} == found
    assert starts_of(("resnet18",), folder=None) == {"resnet18": RandomWeights()}


def test_what_each_network_starts_from_is_said_once(tmp_path):
    folder, heard = touched(tmp_path, "resnet18.pth"), Heard()
    recipes = [one.recipe for one in (*paper_arms(RandomWeights()), *network_arms(RandomWeights(), starts=folder))]
    say_starts([*recipes, *recipes], progress=heard)
    assert heard.lines == [
        "ResNet-18 starts from resnet18.pth",
        "MobileNetV1 starts from random weights",
        "SqueezeNet 1.1 starts from random weights",
        "EfficientNet-Lite0 starts from random weights",
    ]


def test_every_further_arm_is_compared_with_the_papers_imagenet_network():
    arms = (*paper_arms(RandomWeights()), *network_arms(RandomWeights(), starts=None))
    study = pneumonia_study([one.words for one in arms])
    assert study.pairs[0] == ("imagenet", "random")
    assert {second for _, second in study.pairs[1:]} == {"imagenet"}
    assert len(study.pairs) == len(arms) - 1

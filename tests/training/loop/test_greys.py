from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_progress import Heard
from hilum.imaging.preprocess import PreprocessSpec
from hilum.networks.starting_weights import RandomWeights, TimmImageNet, WeightsFile
from hilum.systems.pneumonia.arms import paper_arms
from hilum.systems.pneumonia.paper_recipe import IMAGENET_SPEC
from hilum.systems.pneumonia.recipe import SPEC, pneumonia
from hilum.training.loop.greys import say_unlike_greys, unlike_greys

TIMM = TimmImageNet(Path("weights"))
LITE_SPEC = PreprocessSpec(steps=SPEC.steps, mean=(127 / 255,) * 3, std=(128 / 255,) * 3)


@pytest.mark.parametrize(
    ("backbone", "alike", "unlike"),
    [
        ("mobilenet_v2", IMAGENET_SPEC, SPEC),
        ("densenet121", IMAGENET_SPEC, SPEC),
        ("squeezenet1_1", IMAGENET_SPEC, SPEC),
        ("mobilenet_v1", SPEC, IMAGENET_SPEC),
        ("inception_v3", SPEC, IMAGENET_SPEC),
        ("googlenet", SPEC, IMAGENET_SPEC),
        ("efficientnet_lite0", LITE_SPEC, IMAGENET_SPEC),
    ],
)
def test_weights_that_were_learnt_on_other_greys_get_a_caution(backbone, alike, unlike):
    assert unlike_greys(backbone, weights=TIMM, spec=alike) is None
    caution = unlike_greys(backbone, weights=TIMM, spec=unlike)
    assert caution.startswith(f"caution: --weights imagenet of {backbone} were learnt on pictures with mean ")


def test_of_a_file_and_of_random_weights_nothing_is_said():
    for weights in (WeightsFile(Path("mobilenet_v2.safetensors")), RandomWeights()):
        assert unlike_greys("mobilenet_v2", weights=weights, spec=SPEC) is None
    assert unlike_greys("eva_x_tiny", weights=TIMM, spec=SPEC) is None, "there are no such weights"


def test_it_is_said_once_and_the_recipe_stays_as_it_is():
    heard = Heard()
    recipes = [one.recipe for one in paper_arms(TIMM)]
    say_unlike_greys([*recipes, pneumonia(TIMM)], progress=heard)
    (line,) = heard.lines
    assert "mean 0.485, 0.456, 0.406 and deviation 0.229, 0.224, 0.225; this recipe has 0.5 and 0.5" in line
    own = replace(pneumonia(TIMM), preprocess=IMAGENET_SPEC)
    say_unlike_greys([own], progress=heard)
    assert heard.lines == [line]
    assert pneumonia(TIMM).preprocess == SPEC

import pytest

from hilum.datasets.adapters import ADAPTERS
from hilum.networks.pooled_classifier import BACKBONES
from hilum.networks.starting_weights import RandomWeights
from hilum.recipes.pneumonia import pneumonia
from hilum.recipes.table import RECIPES


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_names_a_backbone_a_release_and_shares_that_exist(name):
    entry = RECIPES[name]
    recipe = entry.make(RandomWeights())
    assert recipe.backbone in BACKBONES
    assert entry.release in ADAPTERS
    assert entry.citation
    assert sum(recipe.shares.values()) == pytest.approx(1.0)


def test_the_pneumonia_recipe_is_what_its_docstring_says():
    recipe = pneumonia(RandomWeights())
    assert recipe.labels == ("Pneumonia",)
    assert recipe.preprocess.output_size == (224, 224)
    assert recipe.preprocess.steps[0].rule == "stretch", "the release's images are stretched, so reading stretches too"
    assert (recipe.scope.xray_type, recipe.scope.views) == ("chest", ("AP",))
    assert recipe.scope.age_years is not None
    assert recipe.scope.age_years[0] == 1.0
    assert 5.9 < recipe.scope.age_years[1] < 6.0

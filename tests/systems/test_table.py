import pytest

from hilum.datasets.releases.table import RELEASES
from hilum.findings import finding
from hilum.networks.pooled_classifier import BACKBONES
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.table import GATES, RECIPES


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_names_a_backbone_releases_and_labels_that_exist(name):
    recipe = RECIPES[name](RandomWeights())
    assert recipe.backbone in BACKBONES
    assert set(recipe.releases) <= set(RELEASES)
    assert all(RELEASES[name].licence for name in recipe.card.releases)
    for stage in recipe.stages:
        assert [finding(label).name for label in stage.labels] == list(stage.labels)


def test_no_two_recipes_have_one_name():
    assert not set(RECIPES) & set(GATES)

from dataclasses import replace

from hilum.bundle.shelf import find
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.pneumonia.recipe import pneumonia, pneumonia_lungs
from hilum.training.recipe.settings import card_settings


def test_the_settings_are_those_that_the_shipped_card_tells():
    recipe, card = pneumonia_lungs(RandomWeights()), find("pneumonia-paediatric").card
    start = "stages.train.start."
    now, told = (
        {key: value for key, value in one.items() if not key.startswith(start)}
        for one in (card_settings(recipe), card.training.recipe)
    )
    added_later = {"lung_pooling.hide_outside": False}
    assert now == told | added_later
    assert recipe.seed == card.training.seed
    assert recipe.card.version == card.version


def test_the_pneumonia_recipe_is_what_its_docstring_says():
    recipe = pneumonia(RandomWeights())
    assert recipe.last.labels == ("Pneumonia",)
    assert recipe.preprocess.output_size == (224, 224)
    assert recipe.preprocess.steps[0].rule == "stretch", "the release's images are stretched, so reading stretches too"
    assert (recipe.card.scope.xray_type, recipe.card.scope.views) == ("chest", ("AP",))
    assert recipe.card.scope.age_years is not None
    assert recipe.card.scope.age_years[0] == 1.0
    assert 5.9 < recipe.card.scope.age_years[1] < 6.0


def test_the_recipe_that_looks_inside_the_lungs_differs_in_that_alone():
    recipe, plain = pneumonia_lungs(RandomWeights()), pneumonia(RandomWeights())
    assert recipe.output_stride == 16
    assert recipe.lung_pooling is not None
    as_plain = replace(recipe, name=plain.name, output_stride=None, lung_pooling=None, card=plain.card)
    assert as_plain == plain
    assert recipe.card.recipe == recipe.name, "or its words would be taken for another training's"
    assert "inside the lungs" in recipe.card.title
    assert set(plain.card.limits) < set(recipe.card.limits)

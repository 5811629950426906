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
    assert now == told
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


def test_the_recipe_that_ships_sees_the_lungs_alone_and_is_chosen_on_the_least_sharp_healthy_children():
    recipe, plain = pneumonia_lungs(RandomWeights()), pneumonia(RandomWeights())
    assert recipe.output_stride == 16
    assert recipe.lung_pooling is not None
    assert recipe.lung_pooling.hide_outside
    stage = recipe.last
    assert stage.split.soft is not None
    assert (stage.split.soft.label, stage.split.soft.part) == ("Pneumonia", "soft")
    assert (stage.selection.part, stage.selection.keep, stage.selection.monitor) == ("soft", "best", "mean_auroc")
    assert (recipe.assessment.calibration_part, recipe.assessment.operating_point_part) == ("soft", "soft")
    assert recipe.assessment.judged_part == "plain", "or its results would be those of what it was fitted on"
    own = ("split", "selection", "epochs", "sampler", "ema_decay")
    as_plain = replace(
        recipe,
        name=plain.name,
        output_stride=None,
        lung_pooling=None,
        stages=(replace(stage, **{name: getattr(plain.last, name) for name in own}),),
        assessment=plain.assessment,
        card=plain.card,
    )
    assert as_plain == plain
    assert recipe.card.recipe == recipe.name, "or its words would be taken for another training's"
    assert "in the lungs alone" in recipe.card.title
    assert set(plain.card.limits) < set(recipe.card.limits)

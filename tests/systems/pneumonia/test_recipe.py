from dataclasses import replace

from hilum.bundle.shelf import find
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.pneumonia.recipe import pneumonia, pneumonia_lungs
from hilum.training.recipe.losses import BinaryCrossEntropy
from hilum.training.recipe.optimizers import AdamW
from hilum.training.recipe.samplers import LabelBalanced
from hilum.training.recipe.schedules import OneCycle


def test_the_settings_are_those_that_the_shipped_card_tells():
    recipe = pneumonia(RandomWeights())
    told = find("pneumonia-paediatric").card.training.recipe
    stage = recipe.last
    assert (stage.epochs, stage.batch_size) == (told["epochs"], told["batch_size"])
    assert stage.sampler == LabelBalanced(images_per_epoch=told["images_per_epoch"])
    assert stage.loss == BinaryCrossEntropy(label_smoothing=told["label_smoothing"])
    assert told["optimizer"] == "AdamW, one-cycle"
    assert stage.optimizer == AdamW(learning_rate=told["peak_learning_rate"], weight_decay=told["weight_decay"])
    assert stage.schedule == OneCycle(warm_up=0.2)
    assert recipe.seed == find("pneumonia-paediatric").card.training.seed
    # ranges that a later version of the augmentation added are off in this recipe
    assert told["augmentation"].removesuffix(")").split(", ")[0] in str(stage.augmentation)


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

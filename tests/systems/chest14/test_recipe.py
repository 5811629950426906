from hilum.datasets.releases.chestxray14 import LABELS
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.chest14.recipe import chest14, chest14_local
from hilum.training.recipe.losses import BinaryCrossEntropy
from hilum.training.recipe.optimizers import RAdam
from hilum.training.recipe.schedules import Plateau


def test_module_iii_is_what_paper_5_says():
    recipe = chest14(RandomWeights())
    stage = recipe.last
    assert recipe.backbone == "densenet121"
    assert stage.optimizer == RAdam(learning_rate=1e-4, weight_decay=3e-4)
    assert stage.loss == BinaryCrossEntropy()
    assert stage.schedule == Plateau(monitor="validation/loss", factor=0.1, patience=3)
    assert stage.epochs == 20


def test_the_fourteen_labels_are_without_no_finding():
    for recipe in (chest14(RandomWeights()), chest14_local(RandomWeights())):
        assert recipe.last.labels == LABELS
        assert len(LABELS) == 14
        assert "No Finding" not in LABELS


def test_the_official_test_images_and_boxed_ones_are_never_fitted_on():
    for recipe in (chest14(RandomWeights()), chest14_local(RandomWeights())):
        assert recipe.last.split.test == ("test",)
        assert recipe.last.split.boxed == "test only"


def test_the_local_bundle_says_that_it_is_a_demonstration():
    card = chest14_local(RandomWeights()).card
    assert card.title.startswith("DEMONSTRATION")
    assert card.intended_use.startswith("A demonstration")
    assert card.limits[0].startswith("A demonstration")
    assert chest14_local(RandomWeights()).name != chest14(RandomWeights()).name


def test_the_local_recipe_is_small_averages_weights_and_never_flips():
    stage = chest14_local(RandomWeights()).last
    assert stage.epochs <= 15
    assert stage.ema_decay is not None
    assert not any("flip" in name for name in dir(stage.augmentation))

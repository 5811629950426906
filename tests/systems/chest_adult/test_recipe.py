from dataclasses import replace

import pytest

from hilum.errors import UsageError
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.chest14.recipe import chest14_local
from hilum.systems.chest_adult.recipe import WORDS, chest_adult, smoke
from hilum.training.recipe.settings import flat_values
from hilum.training.recipe.with_settings import with_settings

LOCAL = chest14_local(RandomWeights())


def test_the_baseline_is_the_recipe_that_was_given_and_the_crop_differs_in_what_is_said() -> None:
    made = chest_adult(LOCAL)
    assert made.whole == LOCAL
    whole, crop = flat_values(made.whole), flat_values(made.crop)
    assert {key for key in crop if whole.get(key) != crop[key]} == {
        "name",
        "seed",
        "stages.train.crop_lungs",
        "stages.train.freezing.kind",
        "stages.train.freezing.blocks",
        "stages.train.loss.label_smoothing",
        "stages.train.augmentation.crop_area",
    }


def test_both_recipes_can_be_set_and_a_smoke_run_is_small() -> None:
    small = with_settings(smoke(chest_adult(LOCAL)), pairs=["crop.stages.train.epochs=1", "folds=3"])
    assert (small.folds, small.whole.last.epochs, small.crop.last.epochs) == (3, 2, 1)
    balanced = with_settings(chest_adult(LOCAL), pairs=["crop.stages.train.loss.kind=Focal"])
    assert flat_values(balanced.crop)["stages.train.loss.kind"] == "Focal"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"crop": LOCAL}, "The recipe of the crop needs crop_lungs"),
        (
            {"whole": replace(LOCAL, stages=(LOCAL.last, replace(LOCAL.last, name="more")))},
            "Both recipes need exactly one stage",
        ),
        (
            {"whole": replace(LOCAL, stages=(replace(LOCAL.last, labels=("Mass", "Nodule")),))},
            "the same labels and the same split",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        replace(chest_adult(LOCAL), **changes)


def test_the_words_are_about_adults_of_16_years_and_frontal_views() -> None:
    assert WORDS.scope.age_years == (16.0, 120.0)
    assert WORDS.scope.views == ("PA", "AP")
    assert WORDS.labels == LOCAL.last.labels

"""Recipes of lungs differ in what their names say and in nothing else."""

import pytest

from hilum.cli.options.recipe_names import RECIPES, STUDIES
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.lungs.recipe import LungRecipe
from hilum.systems.lungs.shipped import (
    ARMS,
    FINER_SIDE_PX,
    WORDS,
    finer,
    lite,
    liu_lungs,
    lungs_all,
    lungs_all_lite_fine,
    lungs_free,
    lungs_lite,
    lungs_lite_fine,
    lungs_own,
)
from hilum.training.recipe.settings import flat_values

FREE = lungs_free(RandomWeights())


def changed(recipe: LungRecipe, *, before: LungRecipe) -> dict[str, object]:
    """The settings of `recipe` that are other ones `before`."""
    there = flat_values(before)
    return {name: value for name, value in flat_values(recipe).items() if value != there.get(name)}


def test_the_free_recipe_learns_from_no_mask_of_restricted_terms() -> None:
    assert "lungs_tb" not in FREE.sampler.shares
    for other in (lungs_all, lungs_own):
        there = changed(other(RandomWeights()), before=FREE)
        assert all(name.startswith("sampler.shares") for name in there)
    assert "lungs_tb" not in lungs_own(RandomWeights()).sampler.shares


def test_lite_differs_in_its_encoder_alone() -> None:
    of_free = lungs_lite(RandomWeights())
    assert changed(of_free, before=FREE) == {"network": "lite"}
    of_all = lite(lungs_all(RandomWeights()))
    assert changed(of_all, before=lungs_all(RandomWeights())) == {"network": "lite"}
    assert (of_all.name, of_all.arm) == ("lung-regions-lite-all", "all-lite")
    assert (FREE.encoder, of_free.encoder, liu_lungs().encoder) == ("mobilenet_v2", "efficientnet_lite0", None)


@pytest.mark.parametrize("make", [lungs_free, lungs_all, lungs_lite])
def test_a_finer_recipe_has_larger_pictures_and_half_as_many_epochs_again(make) -> None:
    before = make(RandomWeights())
    after = finer(before)
    assert changed(after, before=before) == {
        "epochs": 24,
        "preprocess.steps.0.height": FINER_SIDE_PX,
        "preprocess.steps.0.width": FINER_SIDE_PX,
    }
    assert (after.name, after.arm) == (f"{before.name}-fine", f"{before.arm}-fine")


def test_what_can_be_trained_is_an_arm_of_a_study_and_every_study_is_said() -> None:
    assert set(WORDS) == set(ARMS) <= set(STUDIES)
    for make, arm, study in ((lungs_lite_fine, "lite-fine", "lungs-lite-fine"), (lungs_free, "free", "lungs")):
        assert make(RandomWeights()) == ARMS[study][arm](RandomWeights())
        assert make(RandomWeights()).arm == arm
    assert lungs_all_lite_fine(RandomWeights()).arm == "all-lite-fine"
    assert {name for name in RECIPES if name.startswith("lungs")} == {
        "lungs", "lungs-all", "lungs-lite-fine", "lungs-all-lite-fine",
    }  # fmt: skip

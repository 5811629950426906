from dataclasses import replace

import pytest

from fabricate_recipe import tiny_ensemble, tiny_recipe, tiny_stage
from fabricate_sdfn import tiny_sdfn
from hilum.errors import UsageError
from hilum.training.recipe.lung_guidance import LungGuidance
from hilum.training.recipe.lung_pooling import LungPooling
from hilum.training.recipe.mixup import Mixup
from hilum.training.recipe.settings import flat_values
from hilum.training.recipe.with_settings import with_settings

PENALTY = LungGuidance(by="penalty")


@pytest.mark.parametrize("wrong", [{"weight": 0.0}, {"weight": -1.0}, {"widen": -0.1}, {"widen": 0.6}])
def test_values_out_of_range_are_refused(wrong):
    with pytest.raises(UsageError, match=f"{next(iter(wrong))} of lung_guidance.*given"):
        LungGuidance(by="penalty", **wrong)


def test_the_lungs_beside_the_pictures_are_those_of_every_trusted_drawing():
    planes = LungGuidance(by="attention", widen=0.05).planes
    assert planes == LungPooling(widen=0.05, plain_share=0.0)


def test_a_recipe_shows_it_where_it_is_there_and_takes_settings_for_it():
    plain = tiny_recipe()
    guided = replace(plain, lung_guidance=PENALTY)
    own = {"by": "penalty", "weight": 1.0, "widen": 0.02}
    assert flat_values(guided) == flat_values(plain) | {f"lung_guidance.{name}": value for name, value in own.items()}
    assert with_settings(guided, pairs=["lung_guidance.weight=0.5"]).lung_guidance == replace(PENALTY, weight=0.5)
    assert guided.needs_lungs
    assert (guided.learns_lungs, plain.learns_lungs) == (PENALTY.planes, None)
    pooled = replace(plain, lung_pooling=LungPooling())
    assert pooled.learns_lungs == LungPooling()


def test_what_does_not_go_with_it_is_refused():
    crops = replace(tiny_recipe(), stages=(tiny_stage(crop_lungs=True),))
    for recipe in (crops, tiny_sdfn()):
        with pytest.raises(UsageError, match="lung_guidance of networks of the whole picture"):
            replace(recipe, lung_guidance=PENALTY)
    with pytest.raises(UsageError, match="lung_guidance or lung_pooling; given: both"):
        replace(tiny_recipe(), lung_guidance=PENALTY, lung_pooling=LungPooling())
    mixed = replace(tiny_recipe(), stages=(tiny_stage(mixup=Mixup()),))
    counted = replace(tiny_recipe(), stages=(tiny_stage(batch_statistics="population"),))
    for recipe in (mixed, counted):
        with pytest.raises(UsageError, match="lung_guidance without mixup and batch_statistics"):
            replace(recipe, lung_guidance=PENALTY)
    ensemble = tiny_ensemble()
    members = tuple(replace(member, lung_guidance=PENALTY) for member in ensemble.members)
    with pytest.raises(UsageError, match="are not taught lungs"):
        replace(ensemble, members=members)

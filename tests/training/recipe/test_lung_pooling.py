from dataclasses import replace

import pytest

from fabricate_recipe import tiny_ensemble, tiny_recipe, tiny_stage
from fabricate_sdfn import tiny_sdfn
from hilum.errors import UsageError
from hilum.training.recipe.lung_pooling import LungPooling
from hilum.training.recipe.settings import flat_values
from hilum.training.recipe.with_settings import with_settings


def test_the_plain_share_of_draws_is_plain_and_a_seed_decides_which():
    pooling = LungPooling(plain_share=0.2)
    plain = [pooling.is_plain(seed=seed) for seed in range(4000)]
    assert abs(sum(plain) / len(plain) - 0.2) < 0.02
    assert plain == [pooling.is_plain(seed=seed) for seed in range(4000)]
    assert not any(LungPooling(plain_share=0.0).is_plain(seed=seed) for seed in range(100))


@pytest.mark.parametrize("wrong", [{"widen": -0.1}, {"widen": 0.6}, {"plain_share": 1.0}, {"plain_share": -0.1}])
def test_values_out_of_range_are_refused(wrong):
    with pytest.raises(UsageError, match=f"{next(iter(wrong))}.*in the recipe; given"):
        LungPooling(**wrong)


def test_a_recipe_shows_it_where_it_is_there_and_takes_settings_for_it():
    plain = tiny_recipe()
    pooled = replace(plain, lung_pooling=LungPooling(), output_stride=16)
    own = {"widen": 0.02, "plain_share": 0.1, "hide_outside": False}
    more = {"output_stride": 16} | {f"lung_pooling.{name}": value for name, value in own.items()}
    assert flat_values(pooled) == flat_values(plain) | more
    changed = with_settings(pooled, pairs=["lung_pooling.widen=0.05", "lung_pooling.plain_share=0"])
    assert changed.lung_pooling == LungPooling(widen=0.05, plain_share=0.0)
    assert pooled.needs_lungs
    assert not pooled.crops_lungs
    assert not plain.needs_lungs


def test_crops_fusions_and_members_of_ensembles_do_not_go_with_it():
    crops = replace(tiny_recipe(), stages=(tiny_stage(crop_lungs=True),))
    for recipe in (crops, tiny_sdfn()):
        with pytest.raises(UsageError, match="networks of the whole picture"):
            replace(recipe, lung_pooling=LungPooling())
    ensemble = tiny_ensemble()
    members = tuple(replace(member, lung_pooling=LungPooling()) for member in ensemble.members)
    with pytest.raises(UsageError, match="members that average over the whole picture"):
        replace(ensemble, members=members)

import dataclasses
import itertools
from typing import get_args

import pytest

from fabricate_recipe import tiny_recipe
from hilum.errors import UsageError
from hilum.networks.starting_weights import StartingWeights
from hilum.training.recipe.distribution_balanced import DistributionBalanced
from hilum.training.recipe.freezing import FreezingSpec, StagedRelease
from hilum.training.recipe.losses import Focal, LossSpec
from hilum.training.recipe.optimizers import OptimizerSpec, RAdam
from hilum.training.recipe.samplers import ClassBalanced, SamplerSpec
from hilum.training.recipe.schedules import KerasDecay, ScheduleSpec
from hilum.training.recipe.settings import OWN_MEANING, flat_values, settings_of, with_setting

STAGE = "stages.train"


def set_one(key, text):
    return with_setting(tiny_recipe(), key=key, text=text)


def test_a_deep_field_changes_and_nothing_else_does():
    before = tiny_recipe()
    after = set_one(f"{STAGE}.optimizer.learning_rate", "3e-4")
    assert after.last.optimizer.learning_rate == 3e-4
    assert before.last.optimizer.learning_rate == 2e-3
    changed = {key for key, value in flat_values(after).items() if flat_values(before)[key] != value}
    assert changed == {f"{STAGE}.optimizer.learning_rate"}


def test_pydantic_parts_mappings_and_items_of_tuples_can_be_set():
    assert set_one("preprocess.steps.0.height", "48").preprocess.output_size == (48, 32)
    assert set_one(f"{STAGE}.augmentation.crop_area", "0.5,1").last.augmentation.crop_area == (0.5, 1.0)
    assert set_one(f"{STAGE}.labels", "Mass,Hernia").last.labels == ("Mass", "Hernia")


def test_every_setting_that_has_a_value_of_its_own_can_be_set_to_what_it_is():
    recipe = tiny_recipe()
    for key, setting in settings_of(recipe).items():
        kind = type(setting.value).__name__ if setting.value is not None else "none"
        text = kind if setting.kinds else _text(setting.value)
        assert with_setting(recipe, key=key, text=text) == recipe, key


def _text(value):
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "none" if value is None else str(value)


def test_another_kind_keeps_what_both_kinds_have():
    after = set_one(f"{STAGE}.optimizer.kind", "RAdam")
    assert after.last.optimizer == RAdam(learning_rate=2e-3, weight_decay=0.01)
    assert set_one(f"{STAGE}.loss.kind", "Focal").last.loss == Focal()
    assert set_one(f"{STAGE}.freezing.kind", "StagedRelease").last.freezing == StagedRelease()
    assert set_one(f"{STAGE}.freezing.kind", "none").last.freezing is None
    assert set_one(f"{STAGE}.sampler.kind", "ClassBalanced").last.sampler == ClassBalanced()
    assert set_one(f"{STAGE}.schedule.kind", "KerasDecay").last.schedule == KerasDecay()


def test_another_kind_has_its_own_value_where_a_name_means_something_else():
    balanced = with_setting(
        set_one(f"{STAGE}.loss.kind", "DistributionBalanced"), key=f"{STAGE}.loss.alpha", text="0.2"
    )
    assert balanced.last.loss == DistributionBalanced(alpha=0.2)
    assert with_setting(balanced, key=f"{STAGE}.loss.kind", text="DistributionBalanced") == balanced
    focal = with_setting(balanced, key=f"{STAGE}.loss.kind", text="Focal")
    assert focal.last.loss == Focal()
    assert (
        with_setting(focal, key=f"{STAGE}.loss.kind", text="DistributionBalanced").last.loss == DistributionBalanced()
    )


@pytest.mark.parametrize("kinds", [LossSpec, OptimizerSpec, SamplerSpec, ScheduleSpec, FreezingSpec, StartingWeights])
def test_what_is_taken_over_to_another_kind_means_the_same_in_both(kinds):
    same = {
        "learning_rate",
        "weight_decay",
        "betas",
        "epsilon",
        "warm_up",
        "images_per_epoch",
        "alone",
        "folder",
        "head",
    }
    for one, other in itertools.combinations(get_args(kinds), 2):
        fields = [{each.name: each for each in dataclasses.fields(kind)} for kind in (one, other)]
        for name in fields[0].keys() & fields[1].keys():
            carried = [each[name].metadata != OWN_MEANING for each in fields]
            assert carried == [name in same] * 2, f"{name} of {one.__name__} and {other.__name__}"


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        (f"{STAGE}.optimiser.learning_rate", "1", f"the nearest is {STAGE}.optimizer.learning_rate"),
        (f"{STAGE}.epoch", "1", f"the nearest is {STAGE}.epochs"),
        (f"{STAGE}.epochs", "1.5", f"{STAGE}.epochs must be a whole number, not '1.5'"),
        (f"{STAGE}.optimizer.learning_rate", "fast", "must be a number, not 'fast'"),
        (f"{STAGE}.selection.keep", "worst", "must be last or best, not 'worst'"),
        (f"{STAGE}.optimizer.betas", "0.9", "must be 2 values (a number, a number) with commas"),
        (f"{STAGE}.ema_decay", "2", "an ema_decay in (0, 1), or none"),
        (f"{STAGE}.selection.part", "elsewhere", "a selection on one of validation"),
        ("preprocess.steps.0.height", "0", "greater than or equal to 1"),
        ("preprocess.std", "0.5,0,0.5", "as many means as standard deviations"),
        (f"{STAGE}.loss.kind", "Huber", "or Hierarchical or MarginLoss, not 'Huber'"),
        (
            f"{STAGE}.start.kind",
            "WeightsFile",
            "needs path, which --set cannot give with it. Write the recipe in a Python",
        ),
        (f"{STAGE}.schedule.kind", "Plateau", f"{STAGE}.schedule.kind=Plateau needs monitor, which"),
        ("deterministic", "1", "must be true or false, not '1'"),
    ],
)
def test_a_wrong_key_or_value_is_refused_in_one_line(key, text, said):
    with pytest.raises(UsageError) as refused:
        set_one(key, text)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_texts_of_the_card_are_no_settings_and_paths_are_their_names_alone():
    values = flat_values(tiny_recipe())
    assert not any("intended_use" in key for key in values)
    assert values[f"{STAGE}.start.kind"] == "RandomWeights"

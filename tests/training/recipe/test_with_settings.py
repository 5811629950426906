from dataclasses import replace

import pytest

from fabricate_recipe import tiny_recipe, tiny_stage
from hilum.datasets.releases.chexpert import ChexpertPolicy
from hilum.errors import UsageError
from hilum.training.recipe.recipe import FromStage
from hilum.training.recipe.with_settings import shown_settings, with_settings


def two_stages():
    return replace(
        tiny_recipe(), stages=(tiny_stage(name="adult"), tiny_stage(name="child", start=FromStage(stage="adult")))
    )


def rates(recipe):
    return [stage.optimizer.learning_rate for stage in recipe.stages]


def test_one_stage_needs_no_name():
    assert rates(with_settings(tiny_recipe(), pairs=["optimizer.learning_rate=0.5"])) == [0.5]
    assert shown_settings(tiny_recipe())["optimizer.learning_rate"] == 2e-3


def test_lr_is_the_learning_rate():
    assert rates(with_settings(tiny_recipe(), pairs=["optimizer.lr=3e-4"])) == [3e-4]
    assert rates(with_settings(tiny_recipe(), pairs=["lr=3e-4"])) == [3e-4]
    assert rates(with_settings(two_stages(), pairs=["lr=0.5"])) == [0.5, 0.5]


def test_a_key_without_a_stage_means_every_stage_and_one_with_it_that_one():
    assert rates(with_settings(two_stages(), pairs=["optimizer.lr=0.5"])) == [0.5, 0.5]
    assert rates(with_settings(two_stages(), pairs=["child.optimizer.lr=0.5"])) == [2e-3, 0.5]
    assert shown_settings(two_stages())["child.start.stage"] == "adult"


def test_the_last_of_two_pairs_counts():
    assert with_settings(tiny_recipe(), pairs=["epochs=5", "epochs=7", "seed=1"]).last.epochs == 7


def test_every_key_that_is_shown_can_be_set():
    for recipe in (tiny_recipe(), two_stages()):
        for key, value in shown_settings(recipe).items():
            if isinstance(value, float):
                assert with_settings(recipe, pairs=[f"{key}={value}"]) == recipe, key


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("optimizer.learning_rates=1", "the nearest is optimizer.learning_rate;"),
        ("batchsize=1", "the nearest is batch_size;"),
        ("epochs", "--set takes KEY=VALUE, such as epochs=10; given: 'epochs'"),
        ("=3", "--set takes KEY=VALUE, such as epochs=10; given: '=3'"),
    ],
)
def test_a_wrong_pair_is_refused(pair, said):
    with pytest.raises(UsageError, match=said):
        with_settings(tiny_recipe(), pairs=[pair])


def test_what_becomes_of_uncertain_labels_is_a_setting_where_their_release_is_read():
    recipe = tiny_recipe(releases=("chexpert",), labels=("No Finding", "Edema"))
    shown = shown_settings(recipe)
    assert (shown["chexpert.uncertain"], shown["chexpert.by_label.Edema"]) == ("ignore", None)
    pairs = ["chexpert.uncertain=zeros", "chexpert.by_label.Edema=0.7", "chexpert.by_label.Pneumonia=ones"]
    changed = with_settings(recipe, pairs=[*pairs, "chexpert.not_mentioned=zeros"]).chexpert
    assert changed == ChexpertPolicy(
        uncertain="zeros", by_label={"Edema": 0.7, "Pneumonia": "ones"}, not_mentioned="zeros"
    )
    assert not any(key.startswith("chexpert") for key in shown_settings(tiny_recipe()))
    with pytest.raises(UsageError, match="ignore or zeros or ones or a number"):
        with_settings(recipe, pairs=["chexpert.by_label.Edema=perhaps"])

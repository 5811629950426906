from dataclasses import replace

import pytest

from fabricate_recipe import tiny_recipe, tiny_stage
from hilum.errors import UsageError
from hilum.imaging.preprocess import PreprocessSpec
from hilum.training.recipe.distribution_balanced import DistributionBalanced
from hilum.training.recipe.mixup import Mixup
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.recipe import Assessment, FromStage, SoftestWithout, SplitSpec
from hilum.training.recipe.schedules import KerasDecay, Plateau


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: replace(tiny_recipe(), stages=()), "at least one stage"),
        (lambda: replace(tiny_recipe(), stages=(tiny_stage(), tiny_stage())), "stage names"),
        (lambda: replace(tiny_recipe(), stages=(tiny_stage(name="../x"),)), "stage names"),
        (
            lambda: replace(tiny_recipe(), stages=(tiny_stage(start=FromStage(stage="later")),)),
            "train to start from an earlier stage",
        ),
        (
            lambda: replace(
                tiny_recipe(), assessment=Assessment(calibration_part="x", operating_point_part="validation")
            ),
            "the assessment on one of validation",
        ),
        (lambda: replace(tiny_recipe(), preprocess=PreprocessSpec(steps=(), mean=(0.5,), std=(0.5,))), "a resize step"),
        (
            lambda: SplitSpec(
                shares={"train": 0.8, "validation": 0.2},
                stratify="stratum",
                soft=SoftestWithout(label="Mass", part="train"),
            ),
            "soft.part among validation",
        ),
        (
            lambda: SplitSpec(
                shares={"train": 0.8, "validation": 0.2}, soft=SoftestWithout(label="Mass", part="validation")
            ),
            "soft with a split stratified by stratum",
        ),
        (
            lambda: replace(
                tiny_recipe(),
                assessment=Assessment(
                    calibration_part="validation", operating_point_part="validation", judged_part="plain"
                ),
            ),
            "the assessment on one of validation",
        ),
        (lambda: tiny_stage(labels=()), "labels, each once"),
        (lambda: tiny_stage(labels=("Mass", "Mass")), "labels, each once"),
        (lambda: tiny_stage(releases=()), "a data set"),
        (lambda: tiny_stage(batch_size=0), "batch_size"),
        (lambda: tiny_stage(clip_norm=0.0), "clip_norm"),
        (lambda: tiny_stage(loss=DistributionBalanced(), mixup=Mixup()), "another loss than DistributionBalanced"),
        (
            lambda: tiny_stage(schedule=Plateau(monitor="val/loss")),
            "schedule.monitor among train/loss, validation/loss",
        ),
        (lambda: tiny_stage(schedule=Plateau(monitor="validation/f1")), "schedule.monitor among"),
        (
            lambda: tiny_stage(schedule=KerasDecay(decay=0.1, plateau=Plateau(monitor="val/loss"))),
            "schedule.monitor among",
        ),
        (lambda: replace(tiny_recipe(), seed=-1), "a seed of at least 0"),
        (lambda: replace(tiny_recipe(), dropout=1.5), r"a dropout in \[0, 1\]"),
        (lambda: Selection(part="validation", patience=0), "a patience of at least 1"),
        (lambda: SplitSpec(shares={"train": 1.0}), "a validation part"),
        (lambda: SplitSpec(shares={"train": 0.5, "test": 0.5}), "none test"),
        (lambda: SplitSpec(shares={"train": 0.5, "validation": 0.4}), "sum to 1"),
        (lambda: SplitSpec(shares={"train": 1.5, "validation": -0.5}), "above 0"),
    ],
)
def test_a_recipe_that_cannot_be_run_cannot_be_made(make, said):
    with pytest.raises(UsageError, match=said):
        make()


def test_the_last_stage_is_changed_and_those_before_it_stay():
    recipe = replace(tiny_recipe(), stages=(tiny_stage(name="a"), tiny_stage(name="b")))
    changed = recipe.with_last(replace(recipe.last, epochs=recipe.last.epochs + 1))
    assert changed.stages == (recipe.stages[0], replace(recipe.last, epochs=recipe.last.epochs + 1))


def test_the_releases_of_all_stages_are_named_once():
    stages = (tiny_stage(name="a", releases=("nih", "table")), tiny_stage(name="b", releases=("table", "folder")))
    assert replace(tiny_recipe(), stages=stages).releases == ("nih", "table", "folder")

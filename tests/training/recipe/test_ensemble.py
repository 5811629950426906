"""The recipe of an ensemble: what it refuses, and how its settings are named."""

from dataclasses import replace

import pytest

from fabricate_recipe import tiny_ensemble, tiny_recipe, tiny_stage
from hilum.datasets.releases.chexpert import ChexpertPolicy
from hilum.errors import UsageError
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.training.recipe.ensemble import EnsembleRecipe
from hilum.training.recipe.recipe import Assessment, FromStage, SplitSpec
from hilum.training.recipe.settings import flat_values
from hilum.training.recipe.smoke import smoke_ensemble
from hilum.training.recipe.with_settings import shown_settings, with_settings

MADE = tiny_ensemble()
FIRST, SECOND = MADE.members


def test_the_split_is_by_the_first_seed_and_releases_are_those_of_all():
    child = tiny_stage(name="child", start=FromStage(stage="adult"))
    adult = tiny_stage(name="adult", releases=("chexpert",))
    made = replace(MADE, members=(FIRST, replace(SECOND, stages=(adult, child))))
    assert made.seed == 3
    assert made.releases == ("table", "chexpert")
    assert (MADE.chexpert, made.chexpert) == (None, ChexpertPolicy())
    assert not made.needs_lungs
    assert replace(made, members=(FIRST, replace(SECOND, stages=(replace(adult, crop_lungs=True), child)))).needs_lungs


def test_its_settings_say_by_which_policy_its_labels_are_read():
    policy = ChexpertPolicy(uncertain="zeros", by_label={"Edema": 0.7})
    members = tuple(replace(staged_on_chexpert(one), chexpert=policy) for one in MADE.members)
    assert ChexpertPolicy.of_settings(flat_values(replace(MADE, members=members))) == policy
    assert ChexpertPolicy.of_settings(flat_values(MADE)) is None


def staged_on_chexpert(member):
    return replace(member, stages=(replace(member.last, releases=("chexpert",)),))


def staged(**changes):
    return replace(SECOND, stages=(replace(SECOND.last, **changes),))


SMALLER = PreprocessSpec(steps=(Resize(height=16, width=16, rule="stretch"),), mean=(0.5,) * 3, std=(0.5,) * 3)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ((), "recipe of an ensemble needs at least two members; given: none"),
        ((FIRST,), "recipe of an ensemble needs at least two members; given: squeezenet"),
        ((FIRST, FIRST), "names of members, each once"),
        ((FIRST, replace(SECOND, name="a.b")), "names of members without dots and slashes"),
        ((FIRST, staged(labels=("Nodule", "Effusion"))), "the same labels in squeezenet and mobilenet"),
        ((FIRST, staged(releases=("nih",))), "the same releases in squeezenet and mobilenet"),
        ((FIRST, staged(split=SplitSpec(shares={"train": 0.8, "validation": 0.2}))), "the same split in"),
        ((FIRST, replace(SECOND, preprocess=SMALLER)), "the same preprocessing in"),
        ((FIRST, staged(crop_lungs=True)), "the same preprocessing in"),
        (
            (FIRST, replace(SECOND, assessment=Assessment(
                calibration_part="validation", operating_point_part="validation", softened=True))),
            "the same assessment in",
        ),
    ],
)  # fmt: skip
def test_members_that_do_not_go_together_are_refused(members, said):
    with pytest.raises(UsageError, match=said):
        EnsembleRecipe(name="made", members=members, card=FIRST.card)


def test_two_policies_for_one_release_are_refused():
    def reads(policy):
        adult = tiny_stage(name="adult", releases=("chexpert",))
        return (adult, tiny_stage(name="child", start=FromStage(stage="adult"))), policy

    (stages, first), (_, other) = reads(ChexpertPolicy()), reads(ChexpertPolicy(uncertain="zeros"))
    members = [replace(one, stages=stages, chexpert=policy) for one, policy in ((FIRST, first), (SECOND, other))]
    with pytest.raises(UsageError, match="one policy for chexpert"):
        replace(MADE, members=tuple(members))


def test_a_key_means_every_member_and_one_with_a_name_that_member():
    def rates(made):
        return [member.last.optimizer.learning_rate for member in made.members]

    assert rates(with_settings(MADE, pairs=["optimizer.lr=0.5"])) == [0.5, 0.5]
    assert rates(with_settings(MADE, pairs=["mobilenet.optimizer.lr=0.5"])) == [2e-3, 0.5]
    assert rates(with_settings(MADE, pairs=["members.mobilenet.optimizer.lr=0.5"])) == [2e-3, 0.5]
    sides = with_settings(MADE, pairs=["preprocess.steps.0.height=48", "seed=5"])
    assert {member.preprocess.steps[0].height for member in sides.members} == {48}
    assert sides.seed == 5
    with pytest.raises(UsageError, match="set it without a member's name to change it in all"):
        with_settings(MADE, pairs=["mobilenet.preprocess.steps.0.height=48"])


def test_every_key_that_is_shown_can_be_set():
    shown = shown_settings(MADE)
    assert shown["squeezenet.optimizer.learning_rate"] == shown["mobilenet.optimizer.learning_rate"] == 2e-3
    for key, value in shown.items():
        if isinstance(value, float):
            assert with_settings(MADE, pairs=[f"{key}={value}"]) == MADE, key


@pytest.mark.parametrize("key", ["optimizer.learning_rates", "mobilenet.optimizer.learning_rates"])
def test_a_key_that_no_member_has_is_refused_with_the_nearest(key):
    with pytest.raises(UsageError, match=r"the nearest is optimizer\.learning_rate;"):
        with_settings(MADE, pairs=[f"{key}=1"])


def test_a_smoke_run_makes_every_member_small():
    assert [member.last.epochs for member in smoke_ensemble(MADE).members] == [2, 2]
    assert tiny_recipe().last.epochs == 3

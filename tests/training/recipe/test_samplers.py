from collections import Counter

import numpy as np
import pytest

from hilum.errors import DataError, UsageError
from hilum.training.recipe.samplers import (
    BalancedSampler,
    ClassBalanced,
    ClassBalancedSampler,
    GroupShareSampler,
    LabelBalanced,
    PatientBalanced,
    PatientBalancedSampler,
    SharpnessBalanced,
    Shuffled,
    ShuffledSampler,
    SourceBalanced,
    StratumBalanced,
    ViewBalanced,
    ViewBalancedSampler,
    build_sampler,
)

NAN = float("nan")
LABELS = ("Mass", "Nodule")
TARGETS = np.array([[1, 0]] * 20 + [[0, 1]] * 3 + [[1, 1]] * 2 + [[0, 0]] * 30 + [[NAN, 0]] * 5 + [[1, NAN]] * 5)


def balanced(*, seed=1):
    return BalancedSampler([True] * 30 + [False] * 10, per_epoch=40, seed=seed)


def by_class(*, seed=1, per_epoch=60):
    return ClassBalancedSampler(TARGETS, labels=LABELS, per_epoch=per_epoch, seed=seed)


def by_patient(*, seed=1, per_epoch=None):
    return PatientBalancedSampler(["a"] * 6 + ["b"] * 2 + ["c"], per_epoch=per_epoch, seed=seed)


def draws(sampler, *, epoch=0):
    sampler.set_epoch(epoch)
    return list(sampler)


def indices(sampler, *, epoch=0):
    return [index for index, _ in draws(sampler, epoch=epoch)]


def test_half_of_the_draws_have_the_label_and_the_large_group_does_not_repeat():
    chosen = indices(balanced())
    positive = [index for index in chosen if index < 30]
    assert len(chosen) == 40
    assert len(positive) == len(set(positive)) == 20
    assert sorted(set(chosen) - set(positive)) == list(range(30, 40)), "each of the small group is drawn, twice"


@pytest.mark.parametrize("kind", [LabelBalanced, ClassBalanced, ViewBalanced, StratumBalanced, SharpnessBalanced])
def test_an_epoch_has_as_many_draws_as_images_where_nobody_says_how_many(kind):
    names = ["a", "b"] * 4
    targets = [[1, 0], [0, 0], [0, 1], [0, 0]] * 2
    common = {"targets": targets, "labels": LABELS[:2], "patients": names, "views": names, "strata": names, "seed": 1}
    assert len(indices(build_sampler(kind(), **common))) == 8
    assert len(indices(build_sampler(kind(images_per_epoch=20), **common))) == 20


def test_one_kind_of_image_cannot_be_balanced():
    with pytest.raises(DataError, match="All training images have the label, or none has"):
        BalancedSampler([True, True], per_epoch=4, seed=0)


def test_an_image_of_which_the_label_is_not_known_is_neither_with_nor_without_it():
    targets = [[1, NAN]] * 5 + [[0, NAN]] * 5 + [[NAN, 1]] * 90
    built = build_sampler(LabelBalanced(images_per_epoch=40), targets=targets, labels=LABELS, patients="", seed=1)
    assert Counter(index // 5 for index in indices(built)) == {0: 20, 1: 20}


def test_images_none_of_which_is_known_to_be_without_the_label_cannot_be_balanced():
    with pytest.raises(DataError, match="or none has, as far as it is known"):
        BalancedSampler([1, 1, NAN], per_epoch=4, seed=0)


def test_shuffled_draws_every_image_once():
    chosen = indices(ShuffledSampler(50, seed=3))
    assert sorted(chosen) == list(range(50))
    assert chosen != list(range(50))


@pytest.mark.parametrize("make", [balanced, by_class, by_patient, lambda seed=1: ShuffledSampler(20, seed=seed)])
def test_seed_and_epoch_alone_decide_the_draws(make):
    assert draws(make(), epoch=3) == draws(make(), epoch=3)
    assert draws(make(), epoch=3) != draws(make(), epoch=4)
    assert draws(make(), epoch=3) != draws(make(seed=2), epoch=3)
    sampler = make()
    draws(sampler, epoch=7)
    assert draws(sampler, epoch=3) == draws(make(), epoch=3), "earlier epochs leave no trace"


@pytest.mark.parametrize("make", [balanced, by_class, lambda: by_patient(per_epoch=60)])
def test_an_image_that_is_drawn_again_is_augmented_otherwise(make):
    drawn = draws(make())
    assert len(set(indices(make()))) < len(drawn)
    assert len(set(drawn)) == len(drawn)


def test_classes_and_images_without_any_have_equal_shares():
    chosen = indices(by_class())
    assert len(chosen) == 60
    without = [index for index in chosen if 25 <= index < 55]
    assert len(without) == len(set(without)) == 20, "a third of the draws, none twice, and none with a missing label"
    nodule = Counter(index for index in chosen if 20 <= index < 25)
    assert sum(nodule.values()) >= 20, "a third by their own group, and two images by the other label too"
    assert all(count >= 4 for count in nodule.values()), "five images share twenty draws evenly"
    assert not any(55 <= index < 60 for index in chosen), "no known positive, and not known to be without"


def test_the_first_groups_take_what_does_not_divide():
    assert len(indices(by_class(per_epoch=61))) == 61


def test_without_images_without_a_positive_only_the_labels_share():
    sampler = ClassBalancedSampler([[1, 0], [1, 0], [1, 0], [0, 1]], labels=LABELS, per_epoch=6, seed=0)
    assert Counter(indices(sampler)) == {0: 1, 1: 1, 2: 1, 3: 3}


def test_a_label_that_no_image_has_is_named():
    with pytest.raises(DataError, match="No training image has Nodule"):
        ClassBalancedSampler([[1, 0], [0, NAN]], labels=LABELS, per_epoch=4, seed=0)


def test_each_patient_is_drawn_as_often_and_the_patients_images_take_turns():
    chosen = indices(by_patient(per_epoch=18))
    assert Counter(chosen) == {**dict.fromkeys(range(6), 1), 6: 3, 7: 3, 8: 6}


def test_by_default_an_epoch_has_one_image_of_each_patient():
    epochs = [indices(by_patient(), epoch=epoch) for epoch in range(40)]
    assert all(sorted(min(index // 6 + (index == 8), 2) for index in chosen) == [0, 1, 2] for chosen in epochs)
    assert {index for chosen in epochs for index in chosen} == set(range(9)), "over the epochs every image is seen"


def test_an_epoch_without_images_is_refused():
    with pytest.raises(DataError, match="needs at least one draw"):
        ShuffledSampler(0, seed=0)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (Shuffled(), ShuffledSampler(3, seed=5)),
        (LabelBalanced(images_per_epoch=8), BalancedSampler([True, False, False], per_epoch=8, seed=5)),
        (
            ClassBalanced(images_per_epoch=8),
            ClassBalancedSampler([[1, 0], [0, 1], [0, 0]], labels=LABELS, per_epoch=8, seed=5),
        ),
        (PatientBalanced(), PatientBalancedSampler(["a", "a", "b"], seed=5)),
        (
            ViewBalanced(images_per_epoch=8),
            ViewBalancedSampler([[1, 0], [0, 1], [0, 0]], views=["PA", "AP", "PA"], per_epoch=8, seed=5),
        ),
    ],
)
def test_a_recipes_setting_names_the_sampler(spec, expected):
    targets = [[1, 0], [0, 1], [0, 0]]
    built = build_sampler(
        spec, targets=targets, labels=LABELS, patients=["a", "a", "b"], views=["PA", "AP", "PA"], seed=5
    )
    assert draws(built, epoch=2) == draws(expected, epoch=2)


def test_of_each_view_as_many_images_have_a_label_as_have_none():
    targets = np.array([[1, 0]] * 30 + [[0, 0]] * 3 + [[0, 1]] * 5 + [[0, 0]] * 40 + [[0, NAN]] * 7 + [[NAN, 1]] * 2)
    views = np.array(["PA"] * 33 + ["AP"] * 54)
    sampler = ViewBalancedSampler(targets, views=views.tolist(), per_epoch=200, seed=1)
    drawn = np.array(indices(sampler))
    some = (targets[drawn] == 1).any(axis=1)
    counts = Counter(zip(views[drawn].tolist(), some.tolist(), strict=True))
    assert set(counts.values()) == {50}
    assert len(counts) == 4
    assert not (np.isnan(targets[drawn]).any(axis=1) & ~some).any(), "not known to be without"
    assert max(Counter(drawn[(views[drawn] == "AP") & ~some].tolist()).values()) == 2, "50 draws of 40 images"


def test_views_that_nobody_told_cannot_be_balanced():
    with pytest.raises(DataError, match="3 images need as many views to balance them; given: 0"):
        build_sampler(
            ViewBalanced(images_per_epoch=8), targets=[[1], [0], [0]], labels=("Mass",), patients="abc", seed=1
        )


@pytest.mark.parametrize("kind", [StratumBalanced, SharpnessBalanced])
def test_strata_are_balanced_as_views_are(kind):
    targets, strata = [[1], [1], [1], [0], [0]], ["soft", "soft", "sharp", "soft", "sharp"]
    built = build_sampler(
        kind(images_per_epoch=40), targets=targets, labels=("Mass",), patients="abcde", strata=strata, seed=1
    )
    drawn = indices(built)
    counts = Counter((strata[index], targets[index][0]) for index in drawn)
    assert counts == {("soft", 1): 10, ("soft", 0): 10, ("sharp", 1): 10, ("sharp", 0): 10}


def test_each_source_is_drawn_as_often_whatever_its_labels():
    sources = ["large"] * 9 + ["small"] * 3
    targets = [[NAN]] * 9 + [[1], [0], [0]]
    built = build_sampler(
        SourceBalanced(images_per_epoch=12), targets=targets, labels=("Mass",), patients="", sources=sources, seed=1
    )
    drawn = indices(built)
    assert Counter(sources[index] for index in drawn) == {"large": 6, "small": 6}
    assert len({index for index in drawn if index < 9}) == 6, "no image twice while others wait"
    assert Counter(index for index in drawn if index >= 9) == {9: 2, 10: 2, 11: 2}


def test_sharpness_needs_a_bin():
    with pytest.raises(UsageError, match="takes bins from 1 on; given: 0"):
        SharpnessBalanced(bins=0)


def test_a_view_of_which_every_image_has_a_label_is_one_group():
    sampler = ViewBalancedSampler([[1], [1], [1], [0]], views=["AP", "AP", "PA", "PA"], per_epoch=30, seed=1)
    assert Counter(index // 2 if index < 2 else index for index in indices(sampler)) == {0: 10, 2: 10, 3: 10}


@pytest.mark.parametrize("other", [1, 0])
def test_a_view_that_lacks_a_group_and_has_images_of_none_cannot_be_balanced(other):
    with pytest.raises(DataError, match=r"'AP' cannot be balanced: .* of 2 it is not known"):
        ViewBalancedSampler(
            [[1, 0], [0, 0], [other, 0], [0, NAN], [NAN, 0]], views=["PA", "PA", "AP", "AP", "AP"], per_epoch=4, seed=1
        )


def test_groups_are_drawn_by_their_shares_and_repeat_no_image_while_others_wait():
    groups = ["a"] * 5 + ["b"] * 50 + ["never"] * 9
    sampler = GroupShareSampler(groups, shares={"a": 1.0, "b": 1.0, "absent": 9.0}, per_epoch=400, seed=1)
    first = list(sampler)
    assert first == list(sampler)
    assert len(first) == 400
    assert 160 < sum(index < 5 for index, _ in first) < 240
    assert max(index for index, _ in first) < 55, "a group without a share"
    counts = np.bincount([index for index, _ in first if index < 5])
    assert counts.max() - counts.min() <= 1, "each in turn"
    assert len({seed for _, seed in first}) > 390
    sampler.set_epoch(1)
    assert first != list(sampler)


def test_images_of_no_group_with_a_share_are_refused():
    with pytest.raises(DataError, match="No image belongs to lungs_tb; groups found: other"):
        GroupShareSampler(["other"], shares={"lungs_tb": 1.0}, per_epoch=4, seed=0)

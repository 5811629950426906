from dataclasses import replace

import numpy as np
import pytest

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.predictions.same_rows import (
    SameRows,
    same_in_other_folders,
    same_rows,
    shared_names,
    spelled_alike,
)

JUDGED = fabricate_predictions(missing=0.0)


def named(predictions: Predictions, pattern: str) -> Predictions:
    return replace(predictions, image=tuple(pattern.format(i) for i in range(predictions.n)))


@pytest.mark.parametrize(
    ("one", "other"),
    [("P0", "p0"), (" p0", "p0"), (r"test\A.PNG", "test/a"), ("a.dcm", "a.jpeg"), ("STRASSE", "straße")],
)
def test_one_name_spelled_twice(one: str, other: str) -> None:
    assert spelled_alike(one) == spelled_alike(other)
    assert shared_names((one, "x"), ("y", other)) == {one}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.2.840.113619.2.5", "1.2.840.113619.2.6"),  # what stands behind the last dot of a UID is no suffix
        ("test/person1", "train/person1"),  # ids of Kermany's two folders may be two children
        ("p0", "p00"),
    ],
)
def test_two_names_stay_two(one: str, other: str) -> None:
    assert shared_names((one,), (other,)) == set()


def test_images_in_another_folder_are_the_same_where_name_truth_and_score_are() -> None:
    here = named(JUDGED, "val/{:04d}.png")
    assert same_in_other_folders(here, named(JUDGED, "release:test/{:04d}.PNG")) == JUDGED.n


@pytest.mark.parametrize("decimals", [1, 2, 3])
def test_numbered_files_of_two_honest_sets_are_not_the_same(decimals: int) -> None:
    for seed in range(1, 30):
        other = fabricate_predictions(seed=seed, missing=0.0)
        sides = [
            replace(named(side, folder + "/{:04d}.png"), scores=np.round(side.scores, decimals))
            for side, folder in ((JUDGED, "test"), (other, "val"))
        ]
        assert same_in_other_folders(*sides) == 0


def test_a_name_that_many_images_have_says_nothing() -> None:
    study = named(JUDGED, "patient{}/study1/view1_frontal.jpg")
    assert same_in_other_folders(study, study) == 0


ONE = ("Effusion",)


def made(*, seed: int, patients: int = 100, labels: tuple[str, ...] = ONE, decimals: int | None = None) -> Predictions:
    """Scores as a network gives them, to all digits or rounded."""
    found = fabricate_predictions(seed=seed, patients=patients, labels=labels, missing=0.0)
    rng = np.random.default_rng([seed, patients])
    scores = 1 / (1 + np.exp(-(3 * found.truth - 2 + 1.5 * rng.normal(size=found.truth.shape))))
    return replace(found, scores=scores if decimals is None else np.round(scores, decimals))


def renamed(predictions: Predictions) -> Predictions:
    """The same rows in another order, under names that tell nothing."""
    mixed = predictions.take(np.random.default_rng(1).permutation(predictions.n))
    return replace(
        mixed,
        image=tuple(f"x{i}" for i in range(mixed.n)),
        patient=tuple(f"y{i}" for i in range(mixed.n)),
    )


def joined(first: Predictions, second: Predictions) -> Predictions:
    n = first.n + second.n
    return Predictions(
        image=tuple(f"j{i}" for i in range(n)),
        patient=tuple(f"j{i}" for i in range(n)),
        split=("val",) * n,
        labels=first.labels,
        truth=np.concatenate([first.truth, second.truth]),
        scores=np.concatenate([first.scores, second.scores]),
        protocol="made up",
    )


@pytest.mark.parametrize("decimals", [1, 2, 3, 4, None])
def test_all_rows_under_other_names_are_the_same(decimals: int | None) -> None:
    judged = made(seed=0, decimals=decimals)
    assert same_rows(renamed(judged), judged) == SameRows(judged.n, "Effusion")


@pytest.mark.parametrize("copy", [np.float32, lambda scores: np.round(scores, 4), lambda scores: np.round(scores, 3)])
def test_a_copy_of_less_precision_is_a_copy(copy: object) -> None:
    assert callable(copy)
    judged = made(seed=0, patients=20)
    found = same_rows(renamed(replace(judged, scores=copy(judged.scores).astype(np.float64))), judged)
    assert found is not None
    assert found.count > judged.n * 0.8


@pytest.mark.parametrize(("taken", "added"), [(1.0, 0), (0.9, 0), (0.5, 50), (0.3, 40)])
def test_a_part_of_the_rows_among_others_is_found(taken: float, added: int) -> None:
    judged = made(seed=0)
    mixed = renamed(judged).take(np.arange(round(judged.n * taken)))
    if added:
        mixed = joined(mixed, made(seed=1, patients=added))
    found = same_rows(mixed, judged)
    assert found is not None
    assert found.count == round(judged.n * taken)


def test_over_all_labels_rounded_rows_are_told_apart() -> None:
    labels = ("Effusion", "Edema", "Mass", "Nodule")
    judged = made(seed=0, labels=labels, decimals=2)
    half = joined(renamed(judged).take(np.arange(judged.n // 2)), made(seed=1, labels=labels, decimals=2))
    found = same_rows(half, judged)
    assert found is not None
    assert found.what == "all labels together"
    assert abs(found.count - judged.n // 2) <= 3


@pytest.mark.parametrize("decimals", [1, 2, 3, 4, None])
@pytest.mark.parametrize(("here", "there"), [(8, 8), (40, 40), (40, 400), (400, 400), (60, 1500)])
def test_two_honest_sets_of_one_model_are_not_the_same(decimals: int | None, here: int, there: int) -> None:
    for seed in range(12):
        first = made(seed=seed, patients=here, decimals=decimals)
        second = made(seed=seed + 1000, patients=there, decimals=decimals)
        assert same_rows(first, second) is None


def test_saturated_scores_meet_by_chance() -> None:
    for seed in range(12):
        first, second = (made(seed=seed + more, patients=200) for more in (0, 1000))
        sides = [replace(one, scores=np.clip(np.round(one.scores * 3 - 1, 3), 0, 1)) for one in (first, second)]
        assert same_rows(*sides) is None


def test_few_values_say_nothing() -> None:
    two = replace(made(seed=0), scores=np.where(made(seed=0).scores > 0.5, 0.9, 0.1))
    assert same_rows(renamed(two), two) is None

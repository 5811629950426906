from dataclasses import replace

import numpy as np
import pytest

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.prediction_set import Predictions
from hilum.evaluation.same_names import same_in_other_folders, shared_names, spelled_alike

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

import numpy as np
import pytest

from fabricate_shift import records
from hilum.datasets.releases.kermany import LABEL
from hilum.datasets.splits.split import Split
from hilum.systems.pneumonia.shift.judged_sets import SETS, judged_folds
from hilum.systems.pneumonia.shift.parts import PLAIN, SHIFTED


@pytest.fixture(scope="module")
def split():
    draw = np.random.default_rng(0)
    return Split({part: records(part, draw.uniform(size=40) < 0.7) for part in (PLAIN, SHIFTED)}, "toy")


def names(records):
    return sorted(one.image for one in records)


@pytest.mark.parametrize("name", SETS)
def test_nobody_is_judged_by_what_was_fitted_on_the_same_patient(split, name):
    for fold in judged_folds(name, split=split):
        fitted, judged = fold.records(split)
        assert not {one.patient for one in fitted} & {one.patient for one in judged}


@pytest.mark.parametrize(("name", "other"), [(PLAIN, SHIFTED), (SHIFTED, PLAIN)])
def test_a_part_is_judged_by_the_other(split, name, other):
    (fold,) = judged_folds(name, split=split)
    fitted, judged = fold.records(split)
    assert (names(fitted), names(judged)) == (names(split.parts[other]), names(split.parts[name]))


def test_soft_healthy_and_plain_ill_children_are_judged_once_by_plain_ones(split):
    folds = judged_folds("soft", split=split)
    pairs = [fold.records(split) for fold in folds]
    assert names([one for fitted, _ in pairs for one in fitted]) == names(split.parts[PLAIN])
    ill = [one for one in split.parts[PLAIN] if one.labels[LABEL] == 1.0]
    healthy = [one for one in split.parts[SHIFTED] if one.labels[LABEL] == 0.0]
    assert names([one for _, judged in pairs for one in judged]) == names([*ill, *healthy])

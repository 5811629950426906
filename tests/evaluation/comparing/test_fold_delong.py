import math

import numpy as np
import pytest

from hilum.evaluation.comparing.fold_delong import FoldDelong, fold_delong
from hilum.statistics.auroc import auroc
from hilum.statistics.delong import DelongTest, delong_test
from hilum.statistics.outcomes import UndefinedMetric


def scores(n: int, *, seed: int, folds: int):
    rng = np.random.default_rng(seed)
    truth = (rng.random(n) < 0.3).astype(np.float64)
    first, second = truth + rng.normal(size=n), 0.5 * truth + rng.normal(size=n)
    return truth, first, second, np.array([f"fold {i % folds}" for i in range(n)])


def test_one_fold_is_delongs_own_test() -> None:
    truth, first, second, names = scores(60, seed=1, folds=1)
    found = fold_delong(truth, first=first, second=second, folds=list(names))
    plain = delong_test(truth, first=first, second=second)
    assert isinstance(found, FoldDelong)
    assert isinstance(plain, DelongTest)
    assert (found.difference, found.standard_error, found.p_value) == pytest.approx(
        (plain.difference, plain.standard_error, plain.p_value)
    )


def test_it_is_the_share_of_right_pairs_within_folds() -> None:
    truth, first, second, names = scores(90, seed=2, folds=3)
    right = pairs = 0.0
    for i in np.flatnonzero(truth == 1):
        for j in np.flatnonzero((truth == 0) & (names == names[i])):
            right += (first[i] > first[j]) + 0.5 * (first[i] == first[j])
            pairs += 1
    found = fold_delong(truth, first=first, second=second, folds=list(names))
    assert isinstance(found, FoldDelong)
    assert found.first == pytest.approx(right / pairs)
    assert found.folds == 3


def test_scales_of_folds_do_not_count() -> None:
    truth, first, second, names = scores(90, seed=3, folds=3)
    shifted = first + 100 * np.array([int(name[-1]) for name in names])
    plain = fold_delong(truth, first=first, second=second, folds=list(names))
    assert fold_delong(truth, first=shifted, second=second, folds=list(names)) == plain
    assert auroc(truth, scores=shifted) != auroc(truth, scores=first)  # the pooled one is another


def test_under_the_null_one_in_twenty_is_below_five_percent() -> None:
    rng = np.random.default_rng(4)
    below, tries = 0, 400
    for _ in range(tries):
        truth = np.tile([1.0, 0.0, 0.0], 50)
        common = truth + rng.normal(size=150)
        first, second = common + rng.normal(size=150), common + rng.normal(size=150)
        found = fold_delong(truth, first=first, second=second, folds=[f"{i // 30}" for i in range(150)])
        assert isinstance(found, FoldDelong)
        assert found.p_value is not None
        below += found.p_value < 0.05
    assert abs(below / tries - 0.05) < 3 * math.sqrt(0.05 * 0.95 / tries)


def test_a_fold_without_two_positives_is_left_out() -> None:
    truth = np.array([1.0, 1, 0, 0, 1, 0, 0, 0, np.nan])
    first = np.arange(9, dtype=np.float64)
    found = fold_delong(truth, first=first, second=-first, folds=["a"] * 4 + ["b"] * 5)
    assert isinstance(found, FoldDelong)
    assert (found.folds, found.n, found.positives) == (1, 4, 2)


def test_no_fold_is_enough() -> None:
    found = fold_delong(np.array([1.0, 0.0]), first=np.zeros(2), second=np.ones(2), folds=["a", "b"])
    assert isinstance(found, UndefinedMetric)
    assert "no fold" in found.reason


def test_equal_scores_have_no_p() -> None:
    truth, first, _, names = scores(40, seed=5, folds=2)
    found = fold_delong(truth, first=first, second=first, folds=list(names))
    assert isinstance(found, FoldDelong)
    assert (found.difference, found.p_value) == (0.0, None)

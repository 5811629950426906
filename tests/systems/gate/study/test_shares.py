"""Figures: values, intervals against SciPy and simulation, and what has no value."""

import numpy as np
import pytest
from scipy.stats import binomtest, t

from hilum.systems.gate.study.shares import Table, balanced, mean_of, share


def names(count: int) -> np.ndarray:
    return np.array([str(i) for i in range(count)])


def test_a_share_of_independent_pictures_has_wilsons_interval() -> None:
    right = np.arange(50) < 43
    figure = share("x", right, groups=names(50))
    expected = binomtest(43, 50).proportion_ci(method="wilson")
    assert figure.value == pytest.approx(0.86)
    assert (figure.low, figure.high) == pytest.approx((expected.low, expected.high))
    assert (figure.n, figure.groups) == (50, 50)


def test_pictures_of_one_group_count_once_in_the_interval() -> None:
    right = np.repeat(np.arange(20) < 15, 4)
    alone = share("x", right, groups=names(80))
    grouped = share("x", right, groups=np.repeat(names(20), 4))
    assert alone.value == grouped.value == pytest.approx(0.75)
    assert (grouped.high or 0) - (grouped.low or 0) > 1.5 * ((alone.high or 0) - (alone.low or 0))
    assert grouped.groups == 20


def test_all_right_has_an_interval_over_groups() -> None:
    figure = share("x", np.ones(30, bool), groups=np.repeat(names(10), 3))
    squared = t.ppf(0.975, 9) ** 2
    assert figure.low == pytest.approx(10 / (10 + squared))  # Wilson's bound of 10 of 10, by Student's quantile
    assert figure.high == 1.0


def test_nothing_judged_has_no_value() -> None:
    figure = share("x", np.zeros(0, bool), groups=names(0))
    assert (figure.value, figure.low, figure.n) == (None, None, 0)
    assert balanced("x", np.ones(3, bool), truth=np.ones(3, bool), groups=names(3)).value is None


def test_balanced_accuracy_is_the_mean_of_both_shares() -> None:
    truth = np.arange(200) < 150
    right = np.where(truth, np.arange(200) % 10 != 0, np.arange(200) % 2 == 0)
    figure = balanced("x", right, truth=truth, groups=names(200))
    assert figure.value == pytest.approx((0.9 + 0.5) / 2)
    error = np.sqrt((0.9 * 0.1 / 150 + 0.25 / 50) / 4)
    assert (figure.high or 0) - (figure.low or 0) == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_a_mean_of_shares_narrows_as_their_number_grows() -> None:
    parts = tuple(share(str(i), np.arange(40) < 30, groups=names(40)) for i in range(4))
    mean = mean_of("mean", parts)
    assert mean.value == pytest.approx(0.75)
    assert mean.n == 160
    width = (parts[0].high or 0) - (parts[0].low or 0)
    assert (mean.high or 0) - (mean.low or 0) == pytest.approx(width / 2)
    assert mean_of("none", ()).value is None


def test_a_table_finds_its_figure_or_says_that_there_is_none() -> None:
    table = Table(key="k", title="t", protocol="p", figures=(share("a", np.ones(2, bool), groups=names(2)),))
    assert table.figure("a").value == 1.0
    with pytest.raises(KeyError):
        table.figure("b")

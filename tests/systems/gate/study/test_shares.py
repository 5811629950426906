"""Shares: values, intervals against SciPy and simulation, and what has no value."""

import numpy as np
import pytest
from scipy.stats import binomtest, t

from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric
from hilum.systems.gate.study.shares import NOTHING, Share, ShareTable, balanced, mean_of, share


def names(count: int) -> np.ndarray:
    return np.array([str(i) for i in range(count)])


def known(found: Share) -> Estimate:
    assert isinstance(found, Estimate)
    return found


def width(found: Share) -> float:
    low, high = known(found).bounds
    return high - low


def test_a_share_of_independent_pictures_has_wilsons_interval() -> None:
    found = known(share(np.arange(50) < 43, groups=names(50)))
    assert found.value == pytest.approx(0.86)
    assert found.interval == pytest.approx(binomtest(43, 50).proportion_ci(method="wilson"))
    assert (found.n, found.groups) == (50, 50)


def test_pictures_of_one_group_count_once_in_the_interval() -> None:
    right = np.repeat(np.arange(20) < 15, 4)
    alone, grouped = share(right, groups=names(80)), share(right, groups=np.repeat(names(20), 4))
    assert known(alone).value == known(grouped).value == pytest.approx(0.75)
    assert width(grouped) > 1.5 * width(alone)
    assert known(grouped).groups == 20


def test_all_right_has_an_interval_over_groups() -> None:
    low, high = known(share(np.ones(30, bool), groups=np.repeat(names(10), 3))).bounds
    squared = t.ppf(0.975, 9) ** 2
    assert low == pytest.approx(10 / (10 + squared))  # Wilson's bound of 10 of 10, by Student's quantile
    assert high == 1.0


def test_nothing_judged_has_no_value() -> None:
    assert share(np.zeros(0, bool), groups=names(0)) == NOTHING == mean_of(())
    one_kind = balanced(np.ones(3, bool), truth=np.ones(3, bool), groups=names(3))
    assert isinstance(one_kind, UndefinedMetric)
    assert "one kind only" in one_kind.reason


def test_balanced_accuracy_is_the_mean_of_both_shares() -> None:
    truth = np.arange(200) < 150
    right = np.where(truth, np.arange(200) % 10 != 0, np.arange(200) % 2 == 0)
    found = balanced(right, truth=truth, groups=names(200))
    assert known(found).value == pytest.approx((0.9 + 0.5) / 2)
    error = np.sqrt((0.9 * 0.1 / 150 + 0.25 / 50) / 4)
    assert width(found) == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_a_mean_of_shares_narrows_as_their_number_grows() -> None:
    parts = [share(np.arange(40) < 30, groups=names(40)) for _ in range(4)]
    mean = known(mean_of([*parts, NOTHING]))
    assert (mean.value, mean.n) == (pytest.approx(0.75), 160)
    assert width(mean) == pytest.approx(width(parts[0]) / 2)


def test_a_mean_over_a_share_without_an_interval_has_none() -> None:
    one_group = share(np.arange(4) < 3, groups=np.array(["a"] * 4))
    mean = known(mean_of([one_group, share(np.arange(40) < 30, groups=names(40))]))
    assert (mean.value, mean.interval, mean.note) == (0.75, None, "all images are of one patient")


def test_the_page_and_the_file_hold_what_has_no_value_too() -> None:
    found = known(share(np.arange(4) < 3, groups=names(4)))
    table = ShareTable(key="k", title="t", protocol="p", shares={"a": found, "b": NOTHING})
    assert table.as_report().rows == (("a", found, 4, 4), ("b", "nothing was judged", 0, 0))
    low, high = found.bounds
    assert table.as_json()["figures"] == [
        {"label": "a", "value": 0.75, "low": low, "high": high, "n": 4, "groups": 4, "note": ""},
        {"label": "b", "value": None, "low": None, "high": None, "n": 0, "groups": 0, "note": "nothing was judged"},
    ]

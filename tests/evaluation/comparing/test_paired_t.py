import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_rel

from hilum.errors import DataError
from hilum.evaluation.comparing.paired_t import PairedT, paired_t_test
from hilum.statistics.outcomes import UndefinedMetric


@pytest.fixture(scope="module")
def table_1() -> dict[str, list[float]]:
    """Table 1 of Liu et al. 2019 (SDFN), the three columns of their own models; AUROC on the official test split."""
    with (Path(__file__).parents[2] / "systems" / "sdfn" / "table_1.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in ("whole", "lung", "sdfn")}


def test_the_fixture_is_the_published_table(table_1: dict[str, list[float]]) -> None:
    assert {name: round(float(np.mean(column)), 3) for name, column in table_1.items()} == {
        "whole": 0.802, "lung": 0.804, "sdfn": 0.815,
    }  # fmt: skip
    above = {name: sum(np.array(table_1["sdfn"]) > np.array(table_1[name])) for name in ("whole", "lung")}
    assert above == {"whole": 14, "lung": 13}  # all but Hernia


@pytest.mark.parametrize(("branch", "t"), [("whole", 6.16), ("lung", 5.37)])
def test_published_table(table_1: dict[str, list[float]], branch: str, t: float) -> None:
    found = paired_t_test(table_1["sdfn"], second=table_1[branch])
    assert isinstance(found, PairedT)
    assert round(found.t, 2) == t
    assert found.n == 14
    assert found.p_value < 0.01  # as the paper says
    reference = ttest_rel(table_1["sdfn"], table_1[branch])
    assert (found.t, found.p_value) == pytest.approx((reference.statistic, reference.pvalue), rel=1e-10)


def test_by_hand() -> None:
    # differences 1, 2, 3: mean 2, standard deviation 1, t = 2 sqrt(3); p of two degrees of freedom is 1 - t/sqrt(2+t^2)
    found = paired_t_test([2.0, 4.0, 6.0], second=[1.0, 2.0, 3.0])
    assert isinstance(found, PairedT)
    assert (found.mean_difference, found.t) == pytest.approx((2.0, 2 * 3**0.5))
    assert found.p_value == pytest.approx(1 - found.t / (2 + found.t**2) ** 0.5)


def test_the_sign_follows_the_order(table_1: dict[str, list[float]]) -> None:
    found = paired_t_test(table_1["whole"], second=table_1["sdfn"])
    assert isinstance(found, PairedT)
    assert round(found.t, 2) == -6.16


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [([], [], "two pairs"), ([0.5], [0.4], "two pairs"), ([0.3, 0.7, 0.9], [0.2, 0.6, 0.8], "equal")],
)
def test_nothing_to_test(first: list[float], second: list[float], reason: str) -> None:
    found = paired_t_test(first, second=second)
    assert isinstance(found, UndefinedMetric)
    assert reason in found.reason


@pytest.mark.parametrize(("first", "second"), [([1, 2], [1, 2, 3]), ([1, float("nan")], [1, 2]), ([[1]], [[1]])])
def test_malformed(first: list[float], second: list[float]) -> None:
    with pytest.raises(DataError, match="two rows of finite numbers"):
        paired_t_test(first, second=second)

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_rel

from hilum.datasets.releases.chestxray14 import LABELS as CHESTXRAY14
from hilum.errors import UsageError
from hilum.systems.sdfn.paper import MEANS, TABLE_1, column, paper_difference, paper_t


def test_the_table_is_the_one_that_was_typed_twice() -> None:
    with (Path(__file__).parents[2] / "evaluation" / "comparing" / "sdfn_table_1.csv").open(encoding="utf-8") as file:
        rows = {row["class"]: [float(row[name]) for name in ("whole", "lung", "sdfn")] for row in csv.DictReader(file)}
    assert {label: [row.whole, row.lung, row.sdfn] for label, row in TABLE_1.items()} == rows


def test_every_column_has_the_mean_that_the_paper_prints() -> None:
    for name in ("wang", "yao", "guendel", "whole", "lung", "sdfn"):
        mean = np.mean([getattr(row, name) for row in TABLE_1.values()])
        assert round(float(mean), 3) == getattr(MEANS, name), name


def test_the_classes_are_chestxray14s() -> None:
    assert sorted(TABLE_1) == sorted(CHESTXRAY14)


@pytest.mark.parametrize(("other", "t"), [("whole", 6.16), ("lung", 5.37)])
def test_the_papers_own_columns_give_its_t(other: str, t: float) -> None:
    found = paper_t(first="sdfn", second=other)  # type: ignore[arg-type]
    assert round(found.t, 2) == t
    reference = ttest_rel(column("sdfn"), column(other))  # type: ignore[arg-type]
    assert found.p_value == pytest.approx(reference.pvalue)
    assert found.p_value < 0.01


def test_differences_have_the_digits_of_the_paper() -> None:
    assert paper_difference("Nodule", first="lung", second="whole") == 0.015
    assert paper_difference("Hernia", first="sdfn", second="lung") == -0.001


def test_refused() -> None:
    with pytest.raises(UsageError, match="among whole, lung, sdfn"):
        column("fusion")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="two different networks"):
        paper_t(first="sdfn", second="sdfn")

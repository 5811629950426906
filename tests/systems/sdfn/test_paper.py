import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_rel

from hilum.datasets.releases.chestxray14 import LABELS as CHESTXRAY14
from hilum.systems.sdfn.paper import PAPER


def test_the_table_is_the_one_that_was_typed_twice() -> None:
    with Path(__file__).with_name("table_1.csv").open(encoding="utf-8") as file:
        rows = {
            row["class"]: tuple(float(row[name]) for name in ("whole", "lung", "sdfn")) for row in csv.DictReader(file)
        }
    assert {label: row[-3:] for label, row in PAPER.rows.items()} == rows


def test_every_column_has_the_mean_that_the_paper_prints() -> None:
    for name in PAPER.columns:
        printed = [PAPER.value(label, name) for label in PAPER.rows]
        assert round(float(np.mean(printed)), 3) == PAPER.mean(name), name


def test_the_classes_are_chestxray14s() -> None:
    assert sorted(PAPER.rows) == sorted(CHESTXRAY14)


@pytest.mark.parametrize(("other", "t"), [("whole", 6.16), ("lung", 5.37)])
def test_the_papers_own_columns_give_its_t(other: str, t: float) -> None:
    found = PAPER.paired_t(("sdfn", other))
    assert found is not None
    assert round(found.t, 2) == t
    columns = [[PAPER.value(label, name) for label in PAPER.rows] for name in ("sdfn", other)]
    assert found.p_value == pytest.approx(ttest_rel(*columns).pvalue)
    assert found.p_value < 0.01


def test_differences_have_the_digits_of_the_paper() -> None:
    assert PAPER.difference("Nodule", ("lung", "whole")) == 0.015
    assert PAPER.difference("Hernia", ("sdfn", "lung")) == -0.001

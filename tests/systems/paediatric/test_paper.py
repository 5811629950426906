import numpy as np
import pytest

from hilum.datasets.releases.vindr_pcxr import TEN_LABELS
from hilum.systems.paediatric import paper
from hilum.systems.paediatric.recipe import LOSSES, NETWORKS


def test_the_printed_means_are_those_of_the_printed_classes() -> None:
    """To the digits of the paper; sums are its own check on what was copied."""
    for column in ("chouhan", "rahman", "chen", "ensemble"):
        values = [paper.ENSEMBLE.value(label, column) for label in TEN_LABELS]
        assert np.mean(values) == pytest.approx(paper.ENSEMBLE.mean(column), abs=6e-4), column
    for place in range(4):
        values = [row[place] for label, row in paper.TABLE_5.items() if label != "Mean"]
        assert np.mean(values) == pytest.approx(paper.TABLE_5["Mean"][place], abs=6e-4)


def test_one_figure_that_stands_in_two_tables_is_the_same_in_both() -> None:
    assert set(paper.ENSEMBLE.rows) == set(TEN_LABELS) == set(paper.TABLE_5) - {"Mean"}
    for label, row in paper.TABLE_5.items():
        if label != "Mean":
            assert row[0] == paper.ENSEMBLE.value(label, "ensemble")
    assert paper.TABLE_3["DenseNet-121"] == paper.TABLE_2["CheXpert"]
    assert paper.TABLE_2["ImageNet"][1] == paper.TABLE_6["BCE"][0]
    for name, column in zip(paper.TABLE_3, (*NETWORKS, "ensemble"), strict=True):
        assert paper.TABLE_3[name][1].startswith(f"{paper.ENSEMBLE.mean(column):.3f} ")
    for name, column in zip(paper.TABLE_6, LOSSES, strict=True):
        assert paper.TABLE_6[name][0].startswith(f"{paper.LOSSES.mean(column):.3f} ")
    for name, column in zip(paper.TABLE_2, paper.STARTS.columns, strict=True):
        assert paper.TABLE_2[name][1].startswith(f"{paper.STARTS.mean(column):.3f} ")

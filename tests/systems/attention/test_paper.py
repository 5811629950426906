"""The paper's tables as data, held to its own means, to its own text and to another paper's figures."""

import numpy as np
import pytest

from hilum.datasets.releases.chestxray14 import LABELS
from hilum.systems.attention.pairs import PAPER_PAIRS, studied_titles
from hilum.systems.attention.paper import (
    BOXED,
    BY_NAME,
    EARLIER,
    HEADER,
    IOU,
    OWN,
    by_disease,
    own_pair,
    published,
)
from hilum.systems.sdfn.paper import PAPER as SDFN

OWN_ROWS = {f"{name}, {head}": row for name, heads in OWN.items() for head, row in heads.items()}


@pytest.mark.parametrize("name", OWN_ROWS)
def test_every_row_of_its_own_has_the_mean_that_is_printed(name: str) -> None:
    *values, mean = OWN_ROWS[name]
    assert len(values) == 14
    assert float(np.mean(values)) == pytest.approx(mean, abs=2.5e-4)


@pytest.mark.parametrize("name", EARLIER)
def test_rows_of_others_have_their_means_but_for_one_that_the_paper_misprints(name: str) -> None:
    *values, mean = EARLIER[name]
    assert float(np.mean(values)) == pytest.approx(mean + (0.0047 if name.startswith("Yao") else 0.0), abs=2e-4)


def test_the_means_of_iou_are_over_boxes_but_for_one_network() -> None:
    boxes = [180, 146, 153, 123, 85, 79, 120, 98]  # of each disease in the release's list
    for (network, _), (*values, mean) in IOU.items():
        assert len(values) == len(BOXED)
        over_boxes = float(np.average(values, weights=boxes))
        assert (over_boxes == pytest.approx(mean, abs=1e-5)) == (network != "ResNeXt-101")
    assert max(IOU, key=lambda one: IOU[one][-1]) == ("DenseNet-121", "Grad-CAM")
    for network in ("ResNeXt-101", "ResNeXt-50"):
        assert IOU[network, "Grad-CAM"] == IOU[network, "XGrad-CAM"]


def test_twelve_pairs_six_of_them_equal() -> None:
    assert sum(own_pair(name).equal for name in OWN) == 6
    assert len(OWN) == 12
    assert {pair.name for pair in PAPER_PAIRS} == set(OWN)


def test_what_the_text_says_of_means() -> None:
    """Section VI: 0.8067 is the best of table I, 0.8118 of all, a global branch."""
    equal = {name: row[-1] for name, row in OWN_ROWS.items() if "+" not in name}
    assert max(equal, key=lambda name: equal[name]) == "resnext101_32x8d, whole"
    assert max(equal.values()) == 0.8067
    every = {name: row[-1] for name, row in OWN_ROWS.items()}
    assert max(every, key=lambda name: every[name]) == "densenet121+capsnet, whole"
    assert max(every.values()) == 0.8118


def test_its_values_stand_in_the_order_of_names_and_not_of_the_header() -> None:
    """By the whole-image column of another paper on the same test list."""
    assert sorted(HEADER) == list(BY_NAME) == sorted(LABELS)
    theirs = [SDFN.value(label, "sdfn") for label in HEADER]
    found = {}
    for reading, order in (("header", HEADER), ("names", BY_NAME)):
        own = by_disease(OWN["resnet50"]["fused"], order=order)
        found[reading] = np.corrcoef([own[label] for label in HEADER], theirs)[0, 1]
    assert found == {"header": pytest.approx(0.13, abs=0.005), "names": pytest.approx(0.986, abs=0.0005)}


def test_a_study_gets_the_figures_under_their_own_diseases_and_only_of_its_pairs() -> None:
    table = published(PAPER_PAIRS[:1], titles=studied_titles(PAPER_PAIRS))
    assert list(table.columns) == ["resnet50-whole", "resnet50-crop", "resnet50-fused", "vote"]
    assert table.value("Hernia", "resnet50-fused") == 0.9265
    assert table.value("Pneumothorax", "resnet50-fused") == 0.8471
    assert table.value("Hernia", "vote") is None
    assert table.mean("vote") == 0.8170
    assert table.mean_difference(("resnet50-fused", "resnet50-whole")) == 0.0018

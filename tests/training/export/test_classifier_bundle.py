"""A classifier becomes a bundle only where that reads what the network says."""

import numpy as np
import pytest
import torch

from fabricate_recipe import fabricate_labelled_table, tiny_recipe
from hilum.bundle.label import Label, PlattCalibration
from hilum.datasets.own.own_table import read_own_table
from hilum.errors import BundleError
from hilum.training.data.make_split import make_splits
from hilum.training.export.classifier_bundle import (
    changed_decisions,
    largest_difference,
    unfitted,
    write_classifier_bundle,
)
from hilum.training.export.classifier_draft import classifier_draft
from hilum.training.loop.stages import new_network
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace
from watch_cards import watch_cards

RECIPE = tiny_recipe()


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    records = read_own_table(fabricate_labelled_table(tmp_path_factory.mktemp("data") / "table", patients=40))
    return make_splits(RECIPE, records=records)


@pytest.fixture(scope="module")
def network():
    made = new_network(RECIPE, stage=RECIPE.last).eval()
    with torch.no_grad():
        made.head.weight.mul_(200)  # logits as far apart as after training
    return made


def write(network, *, splits, folder):
    provenance = Provenance(command="hilum train (a test)", commit=None)
    return write_classifier_bundle(
        network,
        recipe=RECIPE,
        split=splits["train"],
        draft=classifier_draft(RECIPE, splits=splits, started_from="random", provenance=provenance, smoke=False),
        lungs=None,
        place=RunPlace(folder=folder),
        seen={},
    )


def test_the_card_says_what_was_fitted_and_what_the_form_cost(network, splits, tmp_path, monkeypatch):
    shown = watch_cards(monkeypatch)
    card = write(network, splits=splits, folder=tmp_path).card
    assert shown[-1] == card
    assert all(label.operating_point is None for each in shown[:-1] for label in each.labels), "not fitted yet"
    assert [label.name for label in card.labels] == ["Effusion", "Nodule"]
    assert all("not fitted yet" not in label.operating_point_rule for label in card.labels)
    assert card.compression.method in ("float16 weights", "none")
    assert 0 <= card.compression.auroc_before <= 1
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"], "no draft is left"


def test_a_network_that_reads_otherwise_than_its_graph_gives_no_bundle(network, splits, tmp_path, monkeypatch):
    count = sum(len(splits["train"].parts[part]) for part in RECIPE.assessment.parts)
    far = np.full((count, 2), 9.0)
    monkeypatch.setattr("hilum.training.export.classifier_bundle._network_logits", lambda *_, **__: far)
    said = r"No bundle was written: .*float16 weights \(differs by .*, none \(differs by .*: train longer, or on more"
    with pytest.raises(BundleError, match=said):
        write(network, splits=splits, folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_is_not_fitted_yet_decides_nothing():
    (label,) = unfitted(["Nodule"])
    assert (label.calibration.method, label.operating_point, label.operating_point_rule) == (
        "none",
        None,
        "none: not fitted yet",
    )


def label(slope, intercept):
    calibration = PlattCalibration(slope=slope, intercept=intercept)
    return Label(name="Nodule", calibration=calibration, operating_point=0.5, operating_point_rule="set by hand")


def test_the_difference_is_of_calibrated_probabilities_in_the_worst_label_and_picture():
    read = np.array([[0.0, 0.0], [1.0, 2.0]])
    expected = np.array([[0.0, 0.1], [1.0, 2.0]])
    assert largest_difference(read, read, labels=[label(1, 0), label(3, -1)]) == 0.0
    by_hand = 1 / (1 + np.exp(-(3 * 0.1 - 1))) - 1 / (1 + np.exp(1))
    assert largest_difference(read, expected, labels=[label(1, 0), label(3, -1)]) == pytest.approx(by_hand)


def test_the_share_of_changed_decisions_is_of_the_label_of_which_most_are():
    half = PlattCalibration(slope=2.0, intercept=0.0)
    one = Label(name="Mass", calibration=half, operating_point=0.5, operating_point_rule="a half")
    never = one.changed({"name": "Hernia", "operating_point": None})
    other = one.changed({"name": "Nodule", "operating_point": 0.9})
    torch_says = np.array([[-1.0, -1.0, -1.0], [0.1, 0.1, 0.1], [-0.1, -0.1, -0.1], [3.0, 3.0, 3.0]], np.float32)
    read = torch_says + np.array([[0.0], [-0.2], [0.0], [0.0]], np.float32)  # the second falls below 0
    assert changed_decisions(read, torch_says, labels=(one, never, other)) == 0.25
    assert changed_decisions(read, torch_says, labels=(never, never, other)) == 0.0
    assert changed_decisions(read, torch_says, labels=(never, never, never)) is None

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fabricate_recipe import fabricate_labelled_table, tiny_ensemble, tiny_recipe
from hilum.errors import UsageError
from hilum.training.ensemble import train_ensemble
from hilum.training.recipe.hierarchical import Hierarchical
from hilum.training.recipe.losses import BinaryCrossEntropy, fit_loss, masked_loss, said_logits, told_labels
from hilum.training.recipe.with_settings import shown_settings, with_settings
from hilum.training.records.request import TrainRequest
from hilum.training.train_classifier import train_classifier

NAN = float("nan")
LABELS = ("Croup", "Other", "No Finding", "any airway", "Asthma")
ABOVE = {"Croup": "any airway", "Asthma": "any airway", "any airway": "No Finding", "Other": "No Finding"}
UNCONDITIONAL = Hierarchical(above=ABOVE, alone="No Finding", groups=("any airway",))
CONDITIONAL = replace(UNCONDITIONAL, probability="conditional")


def drawn(*, rows: int = 40, missing: float = 0.2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and targets as the data have them: the group is never named."""
    draw = np.random.default_rng(seed)
    logits = draw.normal(scale=2.0, size=(rows, len(LABELS)))
    targets = draw.integers(0, 2, (rows, len(LABELS))).astype(np.float64)
    targets[draw.random(targets.shape) < missing] = np.nan
    targets[:, LABELS.index("any airway")] = np.nan
    return logits, targets


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def by_the_letter(logits: np.ndarray, targets: np.ndarray, *, conditional: bool) -> tuple[float, int]:
    """The definitions, image by image in Python's own floats, each path of this one tree written out."""
    total, known = 0.0, 0
    for z_row, y_row in zip(logits, targets, strict=True):
        z, y = dict(zip(LABELS, z_row, strict=True)), dict(zip(LABELS, y_row, strict=True))
        under = [y["Croup"], y["Asthma"]]
        y["any airway"] = 1.0 if 1.0 in under else (NAN if any(map(math.isnan, under)) else 0.0)
        found = 1 - sigmoid(z["No Finding"])  # not No Finding
        airway = sigmoid(z["any airway"])
        product = {
            "No Finding": sigmoid(z["No Finding"]),
            "Other": found * sigmoid(z["Other"]),
            "any airway": found * airway,
            "Croup": found * airway * sigmoid(z["Croup"]),
            "Asthma": found * airway * sigmoid(z["Asthma"]),
        }
        there = {
            "No Finding": True,
            "Other": y["No Finding"] == 0.0,
            "any airway": y["No Finding"] == 0.0,
            "Croup": y["any airway"] == 1.0,
            "Asthma": y["any airway"] == 1.0,
        }
        for label in LABELS:
            if math.isnan(y[label]) or (conditional and not there[label]):
                continue
            p = sigmoid(z[label]) if conditional else product[label]
            total -= math.log(p) if y[label] == 1.0 else math.log(1 - p)
            known += 1
    return total, known


def summed(spec: Hierarchical, logits: np.ndarray, targets: np.ndarray) -> tuple[torch.Tensor, int, torch.Tensor]:
    leaf = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    total, known = fit_loss(spec, targets=targets, labels=LABELS)(leaf, torch.tensor(targets))
    return total, int(known), leaf


@pytest.mark.parametrize("spec", [UNCONDITIONAL, CONDITIONAL])
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_it_is_the_definition_by_the_letter(spec: Hierarchical, missing: float) -> None:
    logits, targets = drawn(missing=missing)
    wanted, wanted_known = by_the_letter(logits, targets, conditional=spec is CONDITIONAL)
    total, known, _ = summed(spec, logits, targets)
    assert float(total.detach()) == pytest.approx(wanted, rel=1e-9)
    assert known == wanted_known


@pytest.mark.parametrize("spec", [UNCONDITIONAL, CONDITIONAL])
def test_its_gradient_is_that_of_finite_differences(spec: Hierarchical) -> None:
    logits, targets = drawn(rows=12)
    total, _, leaf = summed(spec, logits, targets)
    total.backward()
    assert leaf.grad is not None
    step = 1e-5
    for row in range(len(logits)):
        for column in range(len(LABELS)):
            sides = []
            for sign in (1, -1):
                moved = logits.copy()
                moved[row, column] += sign * step
                sides.append(by_the_letter(moved, targets, conditional=spec is CONDITIONAL)[0])
            slope = (sides[0] - sides[1]) / (2 * step)
            assert float(leaf.grad[row, column]) == pytest.approx(slope, rel=1e-5, abs=1e-8), (row, column)


def test_what_it_says_is_the_product_on_the_way_down_and_never_more_than_above() -> None:
    logits, _ = drawn(rows=30)
    said = torch.sigmoid(said_logits(CONDITIONAL, torch.tensor(logits), labels=LABELS)).numpy()
    place = {label: at for at, label in enumerate(LABELS)}
    single = 1 / (1 + np.exp(-logits))
    found = 1 - single[:, place["No Finding"]]
    croup = found * single[:, place["any airway"]] * single[:, place["Croup"]]
    np.testing.assert_allclose(said[:, place["Croup"]], croup, rtol=1e-12)
    np.testing.assert_allclose(said[:, place["No Finding"]], 1 - found, rtol=1e-12)
    assert (said[:, place["Croup"]] <= said[:, place["any airway"]]).all()
    assert (said[:, place["any airway"]] + said[:, place["No Finding"]] <= 1 + 1e-12).all()
    assert told_labels(CONDITIONAL, labels=LABELS) == ("Croup", "Other", "No Finding", "Asthma")
    assert said_logits(BinaryCrossEntropy(), torch.zeros(1, 2), labels=("a", "b")).tolist() == [[0.0, 0.0]]


def test_extreme_logits_give_finite_losses_and_gradients_in_single_precision() -> None:
    values = (-200.0, -30.0, 0.0, 30.0, 200.0)
    logits = torch.tensor([[a, b, c, d, a] for a in values for b in values for c in values for d in values])
    targets = torch.tensor(drawn(rows=len(logits), missing=0.0)[1], dtype=torch.float32)
    for spec in (UNCONDITIONAL, CONDITIONAL):
        leaf = logits.clone().requires_grad_()
        value = masked_loss(leaf, targets, loss=fit_loss(spec, targets=targets.numpy(), labels=LABELS))
        value.backward()
        assert bool(torch.isfinite(value))
        assert leaf.grad is not None
        assert bool(torch.isfinite(leaf.grad).all())


def test_nothing_is_learnt_where_the_label_above_is_not_there() -> None:
    """A healthy child says nothing of croup given an airway that is ill, and something of croup."""
    healthy = np.array([[0.0, 0.0, 1.0, NAN, 0.0]])
    for spec, learns in ((CONDITIONAL, False), (UNCONDITIONAL, True)):
        total, _, leaf = summed(spec, np.zeros((1, 5)), healthy)
        total.backward()
        assert leaf.grad is not None
        assert bool(leaf.grad[0, LABELS.index("Croup")] != 0) is learns
        assert bool(leaf.grad[0, LABELS.index("No Finding")] != 0)


def test_what_is_no_tree_is_refused() -> None:
    with pytest.raises(UsageError, match="form a circle, not a tree: a under b under a"):
        Hierarchical(above={"a": "b", "b": "a"})
    with pytest.raises(UsageError, match="have no labels under them: any"):
        Hierarchical(above={"a": "b"}, groups=("any",))
    with pytest.raises(
        UsageError, match=r"names c, which the stage does not have \(a, b\). Add them to the stage's labels"
    ):
        fit_loss(Hierarchical(above={"a": "c"}), targets=[[NAN, NAN]], labels=("a", "b"))


def in_a_tree():
    spec = Hierarchical(above={"Nodule": "Effusion"})
    return replace(tiny_recipe(), stages=(replace(tiny_recipe().last, loss=spec),))


def test_its_settings_can_be_seen_and_changed() -> None:
    recipe = in_a_tree()
    assert shown_settings(recipe)["loss.above.Nodule"] == "Effusion"
    changed = with_settings(recipe, pairs=["loss.probability=conditional"])
    assert changed.last.loss == Hierarchical(above={"Nodule": "Effusion"}, probability="conditional")
    with pytest.raises(UsageError, match=r"loss\.kind=Hierarchical needs above, which"):
        with_settings(tiny_recipe(), pairs=["loss.kind=Hierarchical"])


def test_no_bundle_is_trained_of_a_network_whose_outputs_are_not_what_it_says(tmp_path: Path) -> None:
    data = fabricate_labelled_table(tmp_path / "data")
    request = TrainRequest(name="tiny", data=(("table", data),), out=tmp_path / "out", weights="random")
    with pytest.raises(UsageError, match="tiny orders its labels in a tree"):
        train_classifier(in_a_tree(), request=request)
    both = tiny_ensemble()
    members = (both.members[0], replace(both.members[1], stages=in_a_tree().stages))
    with pytest.raises(UsageError, match="mobilenet orders its labels in a tree"):
        train_ensemble(replace(both, members=members), request=request)
    assert not (tmp_path / "out").exists()

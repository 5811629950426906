import math
import multiprocessing
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed
from torch.nn import functional as F  # noqa: N812

from hilum.errors import DataError, UsageError
from hilum.training.recipe.distribution_balanced import DistributionBalanced
from hilum.training.recipe.losses import BinaryCrossEntropy, Focal, fit_loss, masked_loss

NAN = float("nan")
LABELS = ("Pneumonia", "Bronchitis", "Bronchiolitis", "No Finding")
WU = DistributionBalanced()
TRAN = DistributionBalanced(alone="No Finding")
OTHER = DistributionBalanced(alone="No Finding", alpha=0.3, beta=4.0, mu=0.5, kappa=0.4, lambda_=1.7)


def drawn_targets(*, rows, missing=0.0, seed=0):
    """As the children's images are labelled: No Finding stands alone; some images have no positive at all."""
    draw = np.random.default_rng(seed)
    targets = (draw.random((rows, len(LABELS))) < (0.1, 0.3, 0.15, 0.0)).astype(np.float64)
    targets[:, 3] = (targets[:, :3].sum(axis=1) == 0) & (draw.random(rows) < 0.8)
    targets[draw.random(targets.shape) < missing] = np.nan
    return targets


def drawn_logits(*, rows, seed=1):
    return np.random.default_rng(seed).normal(scale=3.0, size=(rows, len(LABELS)))


def by_the_letter(logits, targets, *, fitted_on, spec):
    """Equations 2 to 10 of Tran et al. 2021, image by image and label by label, in Python's own floats.

    Where a label is missing, the paper has no answer; ours: it is neither in n_k nor in N nor positive.
    """
    classes = range(len(LABELS))
    n = [sum(1 for row in fitted_on if row[k] == 1) for k in classes]
    known_of = [sum(1 for row in fitted_on if not math.isnan(row[k])) for k in classes]
    c_hat = sum(1 / n[k] for k in classes) / len(LABELS) ** 2  # (6)
    total, known = 0.0, 0
    for z, y in zip(logits, targets, strict=True):
        instance = sum(1 / n[k] for k in classes if y[k] == 1) / len(LABELS)  # (4)
        for k in classes:
            if math.isnan(y[k]):
                continue
            class_level = 1 / (len(LABELS) * n[k])  # (3)
            below = instance + (c_hat if LABELS[k] == spec.alone else 0.0)  # (7)
            r = class_level / below if below > 0 else math.inf  # (2)
            r_hat = spec.alpha + 1 / (1 + math.exp(-spec.beta * (r - spec.mu)))  # (5)
            v = spec.kappa * math.log(known_of[k] / n[k] - 1)  # (9)
            of_positive = math.log1p(math.exp(-(z[k] - v)))
            of_negative = math.log1p(math.exp(spec.lambda_ * (z[k] - v))) / spec.lambda_
            total += r_hat * (of_positive if y[k] == 1 else of_negative)  # (10)
            known += 1
    return total, known


def summed(spec, logits, targets, *, fitted_on, gradient):
    loss = fit_loss(spec, targets=fitted_on, labels=LABELS)
    leaf = torch.tensor(logits, dtype=torch.float64, requires_grad=gradient)
    total, known = loss(leaf, torch.tensor(targets, dtype=torch.float64))
    return total, known, leaf


@pytest.mark.parametrize("gradient", [True, False])
@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("spec", [WU, TRAN, OTHER])
def test_it_is_the_papers_formulas_by_the_letter(spec, missing, gradient):
    fitted_on = drawn_targets(rows=300, missing=missing)
    logits, targets = drawn_logits(rows=60), fitted_on[:60]
    wanted, wanted_known = by_the_letter(logits, targets, fitted_on=fitted_on, spec=spec)
    total, known, _ = summed(spec, logits, targets, fitted_on=fitted_on, gradient=gradient)
    assert float(total.detach()) == pytest.approx(wanted, rel=1e-9)
    assert int(known) == wanted_known


@pytest.mark.parametrize("spec", [WU, TRAN, OTHER])
def test_its_gradient_is_that_of_finite_differences(spec):
    fitted_on = drawn_targets(rows=200, missing=0.1)
    logits, targets = drawn_logits(rows=15), fitted_on[:15]
    total, _, leaf = summed(spec, logits, targets, fitted_on=fitted_on, gradient=True)
    total.backward()
    assert leaf.grad is not None
    step = 1e-5
    for row in range(len(logits)):
        for column in range(len(LABELS)):
            sides = []
            for sign in (1, -1):
                moved = logits.copy()
                moved[row, column] += sign * step
                sides.append(by_the_letter(moved, targets, fitted_on=fitted_on, spec=spec)[0])
            slope = (sides[0] - sides[1]) / (2 * step)
            assert float(leaf.grad[row, column]) == pytest.approx(slope, rel=1e-5, abs=1e-8), (row, column)


def weights_of(spec, targets, *, fitted_on):
    """r of every label of every image, from losses at logits where they tell the weight; kappa 0, lambda 1, alpha 0."""
    loss = fit_loss(spec, targets=fitted_on, labels=LABELS)
    leaf = torch.zeros(targets.shape, dtype=torch.float64, requires_grad=True)
    total, _ = loss(leaf, torch.tensor(targets, dtype=torch.float64))
    total.backward()
    assert leaf.grad is not None
    weight = 2 * leaf.grad.abs().numpy()  # the slope of log(1 + e^z) at 0 is a half
    return spec.mu + np.log(weight / (1 - weight)) / spec.beta


def test_only_the_label_that_stands_alone_gets_another_r_and_one_below_1():
    fitted_on = drawn_targets(rows=400)
    some = fitted_on[fitted_on.sum(axis=1) > 0]
    plain = {"alpha": 0.0, "kappa": 0.0, "lambda_": 1.0, "beta": 1.0}
    as_wu = weights_of(DistributionBalanced(**plain), some, fitted_on=fitted_on)
    as_tran = weights_of(DistributionBalanced(alone="No Finding", **plain), some, fitted_on=fitted_on)
    healthy = some[:, 3] == 1
    assert healthy.sum() > 50
    assert as_wu[healthy, 3] == pytest.approx(1.0)
    assert as_tran[healthy, 3].max() < 1.0
    assert (as_tran[:, 3] < as_wu[:, 3]).all()
    assert as_tran[:, :3] == pytest.approx(as_wu[:, :3])


def test_an_image_without_a_positive_weighs_alpha_and_one():
    """For all labels of the original loss; the modified one's No Finding has c alone below its line."""
    fitted_on = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1]], float)
    logits, none = np.zeros((1, 4)), np.zeros((1, 4))
    even = {"alpha": 0.5, "beta": 2.0, "mu": 0.25, "kappa": 0.0, "lambda_": 1.0}
    total, _, _ = summed(DistributionBalanced(**even), logits, none, fitted_on=fitted_on, gradient=True)
    assert float(total.detach()) == pytest.approx(4 * 1.5 * math.log(2))
    total, _, _ = summed(
        DistributionBalanced(alone="No Finding", **even), logits, none, fitted_on=fitted_on, gradient=True
    )
    r_alone = (1 / 2) / ((1 + 1 / 2 + 1 + 1 / 2) / 4)  # n is 1, 2, 1, 2
    w_alone = 0.5 + 1 / (1 + math.exp(-2 * (r_alone - 0.25)))
    assert float(total.detach()) == pytest.approx((3 * 1.5 + w_alone) * math.log(2))


@pytest.mark.parametrize("gradient", [True, False])
def test_without_margin_scale_and_weights_it_is_cross_entropy(gradient):
    """With mu far below every r the sigmoid is 1."""
    fitted_on = drawn_targets(rows=100, missing=0.1)
    bare = DistributionBalanced(alone="No Finding", alpha=0.0, mu=-10.0, kappa=0.0, lambda_=1.0)
    total, known, leaf = summed(bare, drawn_logits(rows=100), fitted_on, fitted_on=fitted_on, gradient=gradient)
    ours = total / known
    if gradient:
        ours.backward()
    other, known = torch.tensor(drawn_logits(rows=100), requires_grad=True), torch.tensor(~np.isnan(fitted_on))
    theirs = F.binary_cross_entropy_with_logits(other[known], torch.tensor(fitted_on)[known])
    theirs.backward()
    torch.testing.assert_close(ours.detach(), theirs.detach())
    if gradient:
        torch.testing.assert_close(leaf.grad, other.grad)


def test_a_missing_label_counts_for_nothing_and_gets_no_gradient():
    fitted_on = drawn_targets(rows=200, missing=0.2)
    loss = fit_loss(TRAN, targets=fitted_on, labels=LABELS)
    logits = torch.tensor(drawn_logits(rows=200), dtype=torch.float32, requires_grad=True)
    masked_loss(logits, torch.tensor(fitted_on, dtype=torch.float32), loss=loss).backward()
    assert logits.grad is not None
    assert bool((logits.grad[np.isnan(fitted_on)] == 0).all())
    assert bool((logits.grad[~np.isnan(fitted_on)] != 0).all())
    nothing = torch.full((2, 4), NAN)
    assert float(masked_loss(torch.ones(2, 4, requires_grad=True), nothing, loss=loss).detach()) == 0.0


def test_a_target_between_0_and_1_counts_for_its_share():
    """What uncertain labels may be made of. n is 1.5 of 3 for the first label, 1 of 3 for the second."""
    spec = DistributionBalanced(alpha=0.0, beta=1.0, mu=0.0, kappa=0.0, lambda_=1.0)
    loss = fit_loss(spec, targets=[[0.5, 0], [1, 0], [0, 1]], labels=("a", "b"))
    logits = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    total, _ = loss(logits, torch.tensor([[0.5, 1.0]], dtype=torch.float64))
    below = 0.5 / 1.5 + 1.0
    by_hand = sum(math.log(2) / (1 + math.exp(-(1 / n) / below)) for n in (1.5, 1.0))
    assert float(total.detach()) == pytest.approx(by_hand)
    total.backward()
    assert logits.grad is not None
    assert float(logits.grad[0, 0]) == pytest.approx(0.0, abs=1e-12)  # a half is right at logit 0


def test_extreme_logits_give_finite_losses_and_gradients():
    fitted_on = drawn_targets(rows=100)
    loss = fit_loss(TRAN, targets=fitted_on, labels=LABELS)
    logits = torch.tensor([[-200.0, 200.0, -1e-8, 0.0]]).repeat(100, 1).requires_grad_()
    value = masked_loss(logits, torch.tensor(fitted_on, dtype=torch.float32), loss=loss)
    value.backward()
    assert bool(torch.isfinite(value))
    assert logits.grad is not None
    assert bool(torch.isfinite(logits.grad).all())


def test_mixed_precision_changes_neither_weights_nor_losses():
    fitted_on = drawn_targets(rows=2000)
    loss = fit_loss(TRAN, targets=fitted_on, labels=LABELS)
    logits, targets = torch.tensor(drawn_logits(rows=2000)), torch.tensor(fitted_on, dtype=torch.float32)
    values = []
    for enabled in (True, False):
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            values.append(float(masked_loss(logits.clone().requires_grad_(), targets, loss=loss).detach()))
    assert values[0] == values[1]


@pytest.mark.parametrize(
    ("column", "value", "said"), [(1, 0.0, "no positive of Bronchitis"), (3, 1.0, "no negative of No Finding")]
)
def test_a_label_without_both_outcomes_is_named(column, value, said):
    targets = drawn_targets(rows=100)
    targets[:, column] = value
    targets[0, column] = NAN
    with pytest.raises(DataError, match=said):
        fit_loss(TRAN, targets=targets, labels=LABELS)


@pytest.mark.parametrize("settings", [{"alpha": -0.1}, {"beta": 0.0}, {"lambda_": 0.0}])
def test_values_out_of_range_are_refused(settings):
    with pytest.raises(UsageError, match="The loss needs"):
        DistributionBalanced(**settings)


def test_a_label_that_stands_alone_must_be_one_of_the_labels():
    with pytest.raises(UsageError, match=r"'Healthy', is not one of Pneumonia, "):
        fit_loss(DistributionBalanced(alone="Healthy"), targets=drawn_targets(rows=50), labels=LABELS)


SHARED = {
    "bce": BinaryCrossEntropy(),
    "weighted": BinaryCrossEntropy(weighting="chexnet"),
    "focal": Focal(gamma=2.0, alpha=0.25),
    "db": WU,
    "modified-db": TRAN,
}
"""The five losses of Tran et al. 2021, which any number of processes share alike."""


def value_and_gradient(spec, *, rows):
    fitted_on = drawn_targets(rows=200, missing=0.2)
    logits = torch.tensor(drawn_logits(rows=60)[rows], dtype=torch.float32, requires_grad=True)
    loss = fit_loss(spec, targets=fitted_on, labels=LABELS)
    value = masked_loss(logits, torch.tensor(fitted_on[:60][rows], dtype=torch.float32), loss=loss)
    value.backward()
    return value.detach(), logits.grad


def share_of_the_losses(rank: int, folder: Path) -> None:
    """What one of two processes finds on its share of the batch."""
    distributed.init_process_group("gloo", init_method=f"file://{folder / 'meet'}", rank=rank, world_size=2)
    rows = slice(0, 10) if rank == 0 else slice(10, 60)  # unequal, so that the numbers of known labels are too
    found = {name: value_and_gradient(spec, rows=rows) for name, spec in SHARED.items()}
    torch.save(found, folder / f"{rank}.pt")
    distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_give_each_loss_of_one(tmp_path):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=share_of_the_losses, args=(rank, tmp_path)) for rank in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    shares = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]
    for name, spec in SHARED.items():
        values, gradients = zip(*(share[name] for share in shares), strict=True)
        alone, gradient = value_and_gradient(spec, rows=slice(0, 60))
        torch.testing.assert_close(sum(values) / 2, alone)
        torch.testing.assert_close(torch.cat(gradients) / 2, gradient)

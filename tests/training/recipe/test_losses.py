import math

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from torchvision.ops import sigmoid_focal_loss

from hilum.errors import DataError, UsageError
from hilum.training.recipe.losses import Asymmetric, BinaryCrossEntropy, Focal, fit_loss, loss_sum, masked_loss

NAN = float("nan")


def plain(spec):
    """The loss of a spec that is not fitted on targets."""
    return fit_loss(spec, targets=[[NAN]], labels=("any",))


def masked_bce(logits, targets, *, label_smoothing):
    return masked_loss(logits, targets, loss=plain(BinaryCrossEntropy(label_smoothing=label_smoothing)))


def test_it_is_the_log_loss_of_scikit_learn():
    draw = np.random.default_rng(0)
    logits, targets = draw.normal(size=(50, 1)), draw.integers(0, 2, (50, 1))
    expected = log_loss(targets[:, 0], 1 / (1 + np.exp(-logits[:, 0])))
    ours = masked_bce(torch.tensor(logits), torch.tensor(targets, dtype=torch.float64), label_smoothing=0.0)
    assert float(ours) == pytest.approx(expected, rel=1e-6)


def test_a_missing_label_counts_for_nothing_and_gets_no_gradient():
    logits = torch.tensor([[2.0, -1.0], [0.5, 9.0]], requires_grad=True)
    loss = masked_bce(logits, torch.tensor([[1.0, 0.0], [0.0, NAN]]), label_smoothing=0.0)
    expected = (math.log1p(math.exp(-2.0)) + math.log1p(math.exp(-1.0)) + math.log1p(math.exp(0.5))) / 3
    assert float(loss) == pytest.approx(expected, rel=1e-6)
    loss.backward()
    assert logits.grad is not None
    assert float(logits.grad[1, 1]) == 0.0
    assert bool((logits.grad.flatten()[:3] != 0).all())


def test_a_batch_without_labels_gives_zero():
    assert float(masked_bce(torch.ones(2, 1), torch.full((2, 1), NAN), label_smoothing=0.1)) == 0.0


def test_smoothing_moves_the_best_logit_inward():
    logit = torch.tensor([[3.0]], requires_grad=True)
    masked_bce(logit, torch.ones(1, 1), label_smoothing=0.2).backward()
    assert logit.grad is not None
    assert float(logit.grad) == pytest.approx(1 / (1 + math.exp(-3.0)) - 0.9, rel=1e-5)


def batch(*, rows=40, labels=3, missing=0.3, seed=1):
    draw = np.random.default_rng(seed)
    logits = draw.normal(scale=3.0, size=(rows, labels))
    targets = draw.integers(0, 2, (rows, labels)).astype(np.float32)
    targets[draw.random((rows, labels)) < missing] = np.nan
    return torch.tensor(logits, dtype=torch.float32, requires_grad=True), torch.tensor(targets)


@pytest.mark.parametrize(("gamma", "alpha"), [(2.0, 0.25), (0.0, 0.5), (0.5, 0.9), (2.0, None)])
def test_focal_is_torchvisions_over_the_known_labels(gamma, alpha):
    logits, targets = batch()
    known = ~torch.isnan(targets)
    theirs = sigmoid_focal_loss(
        logits[known], targets[known], alpha=-1.0 if alpha is None else alpha, gamma=gamma, reduction="mean"
    )
    ours = masked_loss(logits, targets, loss=plain(Focal(gamma=gamma, alpha=alpha)))
    torch.testing.assert_close(ours, theirs)
    (wanted,) = torch.autograd.grad(theirs, logits, retain_graph=True)
    (came,) = torch.autograd.grad(ours, logits)
    torch.testing.assert_close(came, wanted, rtol=1e-4, atol=1e-7)


def test_asymmetric_against_values_worked_out_by_hand():
    """Logits 0 (p = 0.5) and log 3 (p = 0.75) with gammas 1 and 2 and a clip of 0.1."""
    spec = Asymmetric(gamma_positive=1.0, gamma_negative=2.0, clip=0.1)
    for logit, target, expected in [
        (0.0, 1.0, 0.5 * math.log(2)),
        (math.log(3), 1.0, 0.25 * math.log(4 / 3)),
        (0.0, 0.0, 0.4**2 * -math.log(0.6)),
        (math.log(3), 0.0, 0.65**2 * -math.log(0.35)),
        (-math.log(19), 0.0, 0.0),  # p = 0.05 lies below the clip
    ]:
        loss = masked_loss(torch.tensor([[logit]]), torch.tensor([[target]]), loss=plain(spec))
        assert float(loss) == pytest.approx(expected, abs=1e-7), (logit, target)


def asymmetric_as_published(logits, targets, *, gamma_negative, gamma_positive, clip):
    """The authors' own code, written again: probabilities, a shifted negative, a focusing weight."""
    positive = torch.sigmoid(logits)
    negative = (1 - positive + clip).clamp(max=1)
    loss = targets * positive.clamp(min=1e-12).log() + (1 - targets) * negative.clamp(min=1e-12).log()
    of_target = positive * targets + negative * (1 - targets)
    return -(loss * (1 - of_target) ** (gamma_positive * targets + gamma_negative * (1 - targets))).mean()


@pytest.mark.parametrize("clip", [0.0, 0.05])
def test_asymmetric_is_its_authors_code(clip):
    logits, targets = batch(missing=0.0)
    settings = {"gamma_positive": 1.0, "gamma_negative": 4.0, "clip": clip}
    theirs = asymmetric_as_published(logits, targets, **settings)
    ours = masked_loss(logits, targets, loss=plain(Asymmetric(**settings)))
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    "spec",
    [
        BinaryCrossEntropy(),
        Focal(gamma=0.5),
        Asymmetric(gamma_positive=0.5, gamma_negative=0.5),
        Asymmetric(gamma_positive=0.5, gamma_negative=0.5, clip=0.0),
    ],
)
def test_extreme_logits_give_finite_losses_and_gradients(spec):
    logits = torch.tensor([[-200.0, -1e-8, 0.0, 200.0]]).repeat(2, 1).requires_grad_()
    targets = torch.tensor([[0.0], [1.0]]).expand(2, 4)
    loss = masked_loss(logits, targets, loss=plain(spec))
    loss.backward()
    assert bool(torch.isfinite(loss))
    assert logits.grad is not None
    assert bool(torch.isfinite(logits.grad).all())


def test_weights_are_fitted_on_the_training_targets_and_multiply_their_label():
    """Of 8 known targets of the first label 2 are positive, of 4 of the second 3 (CheXNet's weights)."""
    targets = [[1, 1], [1, 1], [0, 1], [0, 0], [0, NAN], [0, NAN], [0, NAN], [0, NAN]]
    loss = fit_loss(BinaryCrossEntropy(weighting="chexnet"), targets=targets, labels=("Mass", "Nodule"))
    logits, batch = torch.tensor([[1.0, 0.0], [1.0, -2.0]]), torch.tensor([[1.0, 0.0], [0.0, NAN]])
    by_hand = (
        0.75 * math.log1p(math.exp(-1.0)) + 0.75 * math.log(2.0) + 0.25 * math.log1p(math.exp(1.0))
    ) / 3  # three known labels
    assert float(masked_loss(logits, batch, loss=loss)) == pytest.approx(by_hand, rel=1e-6)


def test_weighted_loss_is_torchs_with_a_positive_weight():
    logits, targets = batch(missing=0.0)
    fitted_on = np.array([[1, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 0]])
    theirs = torch.nn.functional.binary_cross_entropy_with_logits(
        logits, targets, pos_weight=torch.tensor([4.0, 2.0, 4 / 3])
    )
    loss = fit_loss(BinaryCrossEntropy(weighting="inverse prevalence"), targets=fitted_on, labels=("a", "b", "c"))
    torch.testing.assert_close(masked_loss(logits, targets, loss=loss), theirs)


def test_sums_over_batches_give_the_mean_over_all():
    logits, targets = batch()
    parts = [loss_sum(logits[rows], targets[rows], loss=plain(Focal())) for rows in (slice(7), slice(7, 40))]
    mean = sum(total for total, _ in parts) / sum(known for _, known in parts)
    torch.testing.assert_close(mean, masked_loss(logits, targets, loss=plain(Focal())))


def test_a_label_that_lacks_an_outcome_is_named_where_the_loss_is_fitted_on_it():
    with pytest.raises(DataError, match="no negative of Nodule"):
        fit_loss(BinaryCrossEntropy(weighting="chexnet"), targets=[[1, 1], [0, 1]], labels=("Mass", "Nodule"))
    fit_loss(Focal(), targets=[[1, 1], [0, 1]], labels=("Mass", "Nodule"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: BinaryCrossEntropy(label_smoothing=1.0),
        lambda: Focal(gamma=-1.0),
        lambda: Focal(alpha=1.5),
        lambda: Asymmetric(gamma_positive=-0.1),
        lambda: Asymmetric(gamma_negative=-0.1),
        lambda: Asymmetric(clip=1.0),
    ],
)
def test_values_out_of_range_are_refused(make):
    with pytest.raises(UsageError, match="The loss needs"):
        make()


LABELS = ("Pneumonia", "Bronchitis", "No Finding")
PUBLISHED = {
    "bce": BinaryCrossEntropy(),
    "weighted": BinaryCrossEntropy(weighting="chexnet"),
    "focal": Focal(gamma=2.0, alpha=0.25),
}
"""The losses of Tran et al. 2021 but for the Distribution-Balanced ones (`test_distribution_balanced.py`)."""


def drawn(*, rows, missing=0.2, seed=0):
    """Logits and targets of labels of which one is rare, in float64; NaN where a label is missing."""
    draw = np.random.default_rng(seed)
    targets = (draw.random((rows, len(LABELS))) < (0.05, 0.3, 0.7)).astype(np.float64)
    targets[:3], targets[3] = np.eye(3), 0.0
    missed = draw.random(targets.shape) < missing
    missed[:4] = False
    targets[missed] = np.nan
    return draw.normal(scale=3.0, size=targets.shape), targets


def by_the_letter(name, logits, targets, *, fitted_on):
    """The published formulas, image by image and label by label, in Python's own floats; what is missing is no label.

    Cross-entropy; CheXNet's weights, |N| / (|P| + |N|) of a positive and |P| / (|P| + |N|) of a negative (Rajpurkar et
    al. 2017, equation 2); the focal loss with gamma 2 and alpha 0.25 (Lin et al. 2017, equation 5).
    """
    total, known = 0.0, 0
    for z, y in zip(logits, targets, strict=True):
        for k in range(len(LABELS)):
            if math.isnan(y[k]):
                continue
            known += 1
            p = 1 / (1 + math.exp(-z[k]))
            p_t = p if y[k] == 1 else 1 - p
            if name == "bce":
                total += -math.log(p_t)
            elif name == "weighted":
                ill = sum(1 for row in fitted_on if row[k] == 1)
                well = sum(1 for row in fitted_on if row[k] == 0)
                total += -(well if y[k] == 1 else ill) / (ill + well) * math.log(p_t)
            else:
                total += -(0.25 if y[k] == 1 else 0.75) * (1 - p_t) ** 2 * math.log(p_t)
    return total, known


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("name", PUBLISHED)
def test_each_published_loss_is_its_formula_by_the_letter(name, missing):
    logits, targets = drawn(rows=200, missing=missing)
    loss = fit_loss(PUBLISHED[name], targets=targets, labels=LABELS)
    total, known = loss(torch.tensor(logits[:60]), torch.tensor(targets[:60]))
    wanted, wanted_known = by_the_letter(name, logits[:60], targets[:60], fitted_on=targets)
    assert float(total) == pytest.approx(wanted, rel=1e-12)
    assert int(known) == wanted_known


@pytest.mark.parametrize("name", PUBLISHED)
def test_each_gradient_is_that_of_finite_differences(name):
    logits, targets = drawn(rows=100)
    loss = fit_loss(PUBLISHED[name], targets=targets, labels=LABELS)
    leaf = torch.tensor(logits[:15], requires_grad=True)
    total, _ = loss(leaf, torch.tensor(targets[:15]))
    total.backward()
    assert leaf.grad is not None
    step = 1e-5
    for row in range(15):
        for column in range(len(LABELS)):
            sides = []
            for sign in (1, -1):
                moved = logits[:15].copy()
                moved[row, column] += sign * step
                sides.append(by_the_letter(name, moved, targets[:15], fitted_on=targets)[0])
            slope = (sides[0] - sides[1]) / (2 * step)
            assert float(leaf.grad[row, column]) == pytest.approx(slope, rel=1e-5, abs=1e-8), (row, column)

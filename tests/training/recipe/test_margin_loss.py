import math

import pytest
import torch

from hilum.errors import UsageError
from hilum.training.recipe.losses import fit_loss
from hilum.training.recipe.margin_loss import MarginLoss

NONE_FITTED = {"targets": [[0.0]], "labels": ("a",)}


def test_the_margin_loss_is_equation_4_over_the_labels_that_are_known():
    lengths = torch.tensor([[0.95, 0.5], [0.3, 0.05], [0.7, 0.2]])
    targets = torch.tensor([[1.0, 0.0], [1.0, 0.0], [math.nan, 1.0]])
    total, known = fit_loss(MarginLoss(), **NONE_FITTED)(torch.logit(lengths), targets)
    expected = 0 + 0.5 * (0.5 - 0.1) ** 2 + (0.9 - 0.3) ** 2 + 0 + (0.9 - 0.2) ** 2
    assert (float(total), int(known)) == (pytest.approx(expected, rel=1e-5), 5)


def test_a_label_that_is_not_known_has_no_gradient():
    logits = torch.zeros(1, 2, requires_grad=True)
    fit_loss(MarginLoss(), **NONE_FITTED)(logits, torch.tensor([[math.nan, 1.0]]))[0].backward()
    # a length of a half changes by a quarter of its logit, and the loss by 2 (0.9 - 0.5) of the length
    assert logits.grad.tolist() == [[0.0, pytest.approx(-0.8 / 4)]]


@pytest.mark.parametrize("changes", [{"lower": 0.9}, {"upper": 1.1}, {"absent": -0.1}])
def test_margins_that_cannot_be_are_refused(changes):
    with pytest.raises(UsageError, match="needs 0 <= lower < upper"):
        MarginLoss(**changes)

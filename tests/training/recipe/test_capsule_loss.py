import math

import pytest
import torch

from hilum.errors import UsageError
from hilum.training.recipe.capsule_loss import MarginLoss, reconstruction_loss


def test_the_margin_loss_is_equation_4_over_the_labels_that_are_known():
    lengths = torch.tensor([[0.95, 0.5], [0.3, 0.05], [0.7, 0.2]])
    targets = torch.tensor([[1.0, 0.0], [1.0, 0.0], [math.nan, 1.0]])
    total, known = MarginLoss()(lengths, targets)
    expected = 0 + 0.5 * (0.5 - 0.1) ** 2 + (0.9 - 0.3) ** 2 + 0 + (0.9 - 0.2) ** 2
    assert (float(total), int(known)) == (pytest.approx(expected), 5)


def test_a_label_that_is_not_known_has_no_gradient():
    lengths = torch.full((1, 2), 0.5, requires_grad=True)
    MarginLoss()(lengths, torch.tensor([[math.nan, 1.0]]))[0].backward()
    assert lengths.grad.tolist() == [[0.0, pytest.approx(-0.8)]]


def test_painting_wrongly_costs_the_sum_over_pixels():
    painted, pictures = torch.zeros(2, 1, 3, 3), torch.ones(2, 1, 3, 3)
    assert float(reconstruction_loss(painted, pictures)) == pytest.approx(0.0005 * 9)


@pytest.mark.parametrize("changes", [{"lower": 0.9}, {"upper": 1.1}, {"absent": -0.1}])
def test_margins_that_cannot_be_are_refused(changes):
    with pytest.raises(UsageError, match="expected 0 <= lower < upper"):
        MarginLoss(**changes)

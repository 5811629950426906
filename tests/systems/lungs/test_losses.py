"""The lung loss against values worked out from probabilities, and where it must not look."""

import numpy as np
import pytest
import torch

from hilum.systems.lungs.losses import UNKNOWN, lung_loss
from hilum.systems.lungs.recipe import LungLoss

PLAIN = LungLoss(cross_entropy=1.0, dice=0.0, overlap=0.0)


def test_the_union_is_one_minus_the_product_where_sides_are_unknown():
    logits = torch.tensor([[[[0.3]], [[-1.2]]]])
    target = torch.tensor([[[[UNKNOWN]], [[UNKNOWN]], [[1]]]], dtype=torch.uint8)
    right, left = 1 / (1 + np.exp(-0.3)), 1 / (1 + np.exp(1.2))
    assert float(lung_loss(logits, target, weights=PLAIN)) == pytest.approx(-np.log(1 - (1 - right) * (1 - left)))
    soft = LungLoss(cross_entropy=0.0, dice=1.0, overlap=0.0)
    union = 1 - (1 - right) * (1 - left)
    assert float(lung_loss(logits, target, weights=soft)) == pytest.approx(1 - (2 * union + 1) / (union + 2))


def test_unknown_planes_and_pixels_give_no_gradient():
    logits = torch.randn(1, 2, 4, 4, requires_grad=True)
    target = torch.full((1, 3, 4, 4), UNKNOWN, dtype=torch.uint8)
    target[0, 0, :2] = 1
    lung_loss(logits, target, weights=LungLoss(overlap=0.0)).backward()
    assert torch.count_nonzero(logits.grad[0, 1]) == 0
    assert torch.count_nonzero(logits.grad[0, 0, 2:]) == 0
    assert torch.count_nonzero(logits.grad[0, 0, :2]) == 8


def test_large_logits_stay_finite():
    logits = torch.tensor([[[[80.0, -80.0]], [[-80.0, -80.0]]]], requires_grad=True)
    target = torch.tensor([[[[0, 1]], [[1, 0]], [[0, 1]]]], dtype=torch.uint8)
    loss = lung_loss(logits, target, weights=LungLoss())
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()

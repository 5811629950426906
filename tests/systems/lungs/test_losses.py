"""The lung loss against values worked out from probabilities, and where it must not look."""

import numpy as np
import pytest
import torch

from hilum.bundle.lung_spec import LUNG_SIDES
from hilum.systems.lungs.losses import lung_loss
from hilum.systems.lungs.recipe import LungLoss
from hilum.systems.lungs.shipped import STRUCTURES
from hilum.systems.lungs.study.truth import TRUTHS, UNKNOWN

PLAIN = LungLoss(cross_entropy=1.0, dice=0.0, overlap=0.0, outside=0.0)
SOFT = LungLoss(cross_entropy=0.0, dice=1.0, overlap=0.0, outside=0.0)
WHOLE = LUNG_SIDES["whole"]


def target_of(height: int = 1, width: int = 1, **known: int) -> torch.Tensor:
    """One picture's target: what is known by name (`_` for a space), all else unknown."""
    target = torch.full((1, len(TRUTHS), height, width), UNKNOWN, dtype=torch.uint8)
    for name, value in known.items():
        target[0, TRUTHS.index(name.replace("_", " "))] = value
    return target


def sigmoid(value: float) -> float:
    return 1 / (1 + np.exp(-value))


def test_the_union_is_one_minus_the_product_where_sides_are_unknown():
    logits = torch.tensor([[[[0.3]], [[-1.2]]]])
    union = 1 - (1 - sigmoid(0.3)) * (1 - sigmoid(-1.2))
    found = lung_loss(logits, target_of(lungs=1), structures=WHOLE, weights=PLAIN)
    assert float(found) == pytest.approx(-np.log(union))
    found = lung_loss(logits, target_of(lungs=1), structures=WHOLE, weights=SOFT)
    assert float(found) == pytest.approx(1 - (2 * union + 1) / (union + 2))


def test_definitions_and_the_heart_are_added_and_pictures_averaged():
    values = [0.3, -1.2, 0.8, 0.1, -0.5]
    logits = torch.tensor(values).reshape(1, 5, 1, 1).expand(2, 5, 1, 1)
    first = target_of(right_field=1, left_field=0, heart=1)
    second = target_of(lungs=0)
    found = lung_loss(logits, torch.cat([first, second]), structures=STRUCTURES, weights=PLAIN)
    right, left, whole_right, whole_left, heart = map(sigmoid, values)
    fields = -(np.log(right) + np.log(1 - left)) / 2
    of_first, of_second = fields - np.log(heart), -np.log((1 - whole_right) * (1 - whole_left))
    assert float(found) == pytest.approx((of_first + of_second) / 2)


def test_what_cannot_be_costs_in_every_picture():
    values = [0.3, -1.2, 0.8, 0.1, -0.5]
    logits = torch.tensor(values).reshape(1, 5, 1, 1)
    weights = LungLoss(cross_entropy=0.0, dice=0.0, overlap=1.0, outside=10.0)
    right, left, whole_right, whole_left, _ = map(sigmoid, values)
    overlap = right * left + whole_right * whole_left
    outside = right * (1 - whole_right) + left * (1 - whole_left)
    found = lung_loss(logits, target_of(heart=0), structures=STRUCTURES, weights=weights)
    assert float(found) == pytest.approx(overlap + 10 * outside)


def test_unknown_planes_and_pixels_give_no_gradient():
    logits = torch.randn(1, 5, 4, 4, requires_grad=True)
    target = target_of(4, 4)
    target[0, TRUTHS.index("right lung"), :2] = 1
    lung_loss(logits, target, structures=STRUCTURES, weights=PLAIN).backward()
    there = STRUCTURES.index("right lung")
    assert torch.count_nonzero(logits.grad[0, [plane for plane in range(5) if plane != there]]) == 0
    assert torch.count_nonzero(logits.grad[0, there, 2:]) == 0
    assert torch.count_nonzero(logits.grad[0, there, :2]) == 8


def test_a_picture_of_which_nothing_is_known_and_large_logits_stay_finite():
    logits = torch.tensor([80.0, -80.0, -80.0, 80.0, 80.0]).reshape(1, 5, 1, 1).repeat(2, 1, 1, 2).requires_grad_()
    target = torch.cat([target_of(1, 2), target_of(1, 2, right_field=0, left_field=1, fields=1, heart=0)])
    loss = lung_loss(logits, target, structures=STRUCTURES, weights=LungLoss())
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()

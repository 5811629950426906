"""The loss of a lung network: each side where it was drawn, the union where only that is known."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch user reads)

from hilum.systems.lungs.recipe import LungLoss

RIGHT, LEFT, UNION = 0, 1, 2
UNKNOWN = 255
"""What stands in a target where the picture's mask does not say."""

_EPSILON = 1e-6


def lung_loss(logits: Tensor, targets: Tensor, *, weights: LungLoss) -> Tensor:
    """The mean over the planes that are known.

    `logits` is (N, 2, H, W): right, left. `targets` is uint8 (N, 3, H, W): right, left, union, each 1, 0 or `UNKNOWN`
    (where a picture was turned away from its frame, and in whole planes that nobody drew). The union's probability is
    1 - (1 - r)(1 - l). Soft Dice is that of Milletari et al. 2016, with plain sums below the line.
    """
    logits = logits.float()
    log_not = F.logsigmoid(-logits)
    log_neither = log_not.sum(dim=1, keepdim=True)
    union = -torch.expm1(log_neither)
    log_union = torch.log(union.clamp_min(_EPSILON))
    log_yes = torch.cat((F.logsigmoid(logits), log_union), dim=1)
    log_no = torch.cat((log_not, log_neither), dim=1)
    probability = torch.cat((logits.sigmoid(), union), dim=1)
    known = (targets != UNKNOWN).float()
    truth = (targets == 1).float()
    pixels = known.sum(dim=(2, 3))
    entropy = -(truth * log_yes + (known - truth) * log_no).sum(dim=(2, 3)) / pixels.clamp_min(1.0)
    both = (probability * truth).sum(dim=(2, 3))
    total = (probability * known + truth).sum(dim=(2, 3))
    dice = 1 - (2 * both + 1) / (total + 1)
    asked = (pixels > 0).float()
    each = (weights.cross_entropy * entropy + weights.dice * dice) * asked
    overlap = (probability[:, RIGHT] * probability[:, LEFT]).mean()
    return each.sum() / asked.sum().clamp_min(1.0) + weights.overlap * overlap

"""What a classifier of capsules learns by: the margin of their lengths."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hilum.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginLoss:
    """`y max(0, upper - p)^2 + absent (1 - y) max(0, p - lower)^2` of a label (Sabour et al. 2017, equation 4).

    p is the length of a capsule, the logistic function of its logit. One within the margin costs nothing. `absent`
    keeps many absent labels from shrinking all lengths at first.
    """

    upper: float = 0.9
    lower: float = 0.1
    absent: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 <= self.lower < self.upper <= 1.0 or self.absent < 0.0:
            raise UsageError(
                f"The margin loss needs 0 <= lower < upper <= 1 and absent >= 0; given: {self.lower}, {self.upper} and "
                f"{self.absent}"
            )


def margin(logits: Tensor, targets: Tensor, *, spec: MarginLoss) -> Tensor:
    """The loss of each label (N, L); the targets in [0, 1] hold no NaN."""
    lengths = torch.sigmoid(logits)
    present = targets * (spec.upper - lengths).clamp(min=0) ** 2
    return present + spec.absent * (1 - targets) * (lengths - spec.lower).clamp(min=0) ** 2

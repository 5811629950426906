"""Losses of capsules: the margin of their lengths, and the reconstruction that keeps them telling how things look."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hilum.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginLoss:
    """`T max(0, upper - |v|)^2 + absent (1 - T) max(0, |v| - lower)^2` for each label (Sabour et al. 2017, eq. 4).

    A length within the margin costs nothing. `absent` keeps many absent labels from shrinking all lengths at first.
    """

    upper: float = 0.9
    lower: float = 0.1
    absent: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 <= self.lower < self.upper <= 1.0 or self.absent < 0.0:
            raise UsageError(
                f"expected 0 <= lower < upper <= 1 and absent >= 0 for the margin loss, came {self.lower}, "
                f"{self.upper} and {self.absent}"
            )

    def __call__(self, lengths: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The sum over the labels (N, L) that are known, NaN where one is not, and how many they are."""
        known = ~torch.isnan(targets)
        there = torch.where(known, targets, 0.0)
        present = there * (self.upper - lengths).clamp(min=0) ** 2
        absent = self.absent * (1 - there) * (lengths - self.lower).clamp(min=0) ** 2
        return ((present + absent) * known).sum(), known.sum()


def reconstruction_loss(painted: Tensor, pictures: Tensor, *, weight: float = 0.0005) -> Tensor:
    """`weight` times the sum of squared differences over the pixels, the mean over the pictures (section 4.1)."""
    return weight * ((painted - pictures) ** 2).flatten(1).sum(dim=1).mean()

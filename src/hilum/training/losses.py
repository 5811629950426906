"""Losses over logits (N, L) and targets (N, L) with NaN where a label is missing."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch user reads)


def masked_bce(logits: Tensor, targets: Tensor, *, label_smoothing: float) -> Tensor:
    """Binary cross-entropy, averaged over the labels that are known; zero where none is.

    `label_smoothing` s moves a target y to y (1 - s) + s / 2.
    """
    known = ~torch.isnan(targets)
    smooth = torch.where(known, targets, 0.0) * (1 - label_smoothing) + label_smoothing / 2
    loss = F.binary_cross_entropy_with_logits(logits.float(), smooth, reduction="none")
    return (loss * known).sum() / known.sum().clamp(min=1)

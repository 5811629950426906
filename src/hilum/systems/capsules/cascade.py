"""A network whose closed-form map of a picture is what capsules read: the cascade of Pun et al. 2021, section VI B.

The base ends in global average pooling and one linear layer, so that each cell of its last feature map F has a logit of
its own for each label l, `b_l + w_l . F(x, y)`, whose mean over the cells is that of the picture. Its logistic function
is a mask in (0, 1) that needs no layer between both networks: the paper's reshaped linear layer, of random weights,
confused what both had learnt, by its own account. Nor is the mask stretched to a range: where the base sees nothing it
stays dark.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.fx
from torch import Tensor, nn
from torch.nn import functional

from hilum.errors import UsageError
from hilum.networks.capsules.network import CapsuleNetwork
from hilum.networks.pooled_classifier import PooledClassifier

torch.fx.wrap("masks_of")  # which torch.fx cannot follow: it depends on shapes

Mask = Literal["largest", "each label"]
"""One plane, of the label that is largest in each cell, as the paper's mask is one; or a plane for each label."""


def masks_of(features: Tensor, weight: Tensor, bias: Tensor, mask: Mask, side: int) -> Tensor:
    """The masks (N, 1 or L, side, side) in (0, 1) of a last feature map (N, K, h, w) under a linear layer (L, K)."""
    cells = torch.sigmoid(functional.conv2d(features, weight[:, :, None, None], bias).float())
    if mask == "largest":
        cells = cells.amax(dim=1, keepdim=True)
    return functional.interpolate(cells, size=(side, side), mode="bilinear", align_corners=False)


def planes_of(mask: Mask, *, labels: int) -> int:
    """How many planes the masks of so many labels have."""
    return 1 if mask == "largest" else labels


class CapsuleCascade(nn.Module):
    """From a normalised picture (N, C, H, W) to the logits (N, L) of capsules that read the masks of `base`.

    Raises `UsageError` where both have other labels, or the capsules take other planes.
    """

    def __init__(self, base: PooledClassifier, capsules: CapsuleNetwork, *, mask: Mask) -> None:
        super().__init__()
        labels = base.weight.shape[0]
        planes = planes_of(mask, labels=labels)
        if capsules.labels != labels or capsules.inputs != planes:
            raise UsageError(
                f"The capsules must read {planes} planes and give {labels} labels; they read {capsules.inputs} and "
                f"give {capsules.labels}"
            )
        self.base, self.capsules, self.mask = base, capsules, mask

    @property
    def backbones(self) -> tuple[nn.Module, ...]:
        """What a recipe may freeze and release: the base's, but for its linear layer."""
        return (self.base.backbone,)

    def masks(self, x: Tensor) -> Tensor:
        """What the capsules read of a picture."""
        features = self.base.features(x)
        return masks_of(features, self.base.weight, self.base.bias, self.mask, self.capsules.shape.side)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of the capsules."""
        logits: Tensor = self.capsules(self.masks(x))
        return logits

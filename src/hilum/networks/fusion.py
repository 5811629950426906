"""Two frozen networks of one picture, whole and cut to its lungs, under one linear layer (Liu et al. 2019, SDFN).

With F (K, h, w) the whole picture's last feature map, G (K', h', w') the crop's, and n and n' their cells, the fusion's
logit of label l is `z_l = b_l + sum_k w_lk mean(F_k) + sum_k v_lk mean(G_k)`. Its class maps `sum_k w_lk F_k / n` and
`sum_k v_lk G_k / n'` sum over all cells of both to `z_l - b_l`.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from hilum.errors import UsageError
from hilum.networks.pooled_classifier import PooledClassifier


class FusionOutputs(NamedTuple):
    """Logits (N, L) and class maps (N, L, h, w) in units of logit contribution, in the order of `FUSION_OUTPUTS`.

    `whole_maps` and `crop_maps` are the fusion's, `whole_alone_maps` those of the whole branch's own linear layer.
    """

    logits: Tensor
    whole_logits: Tensor
    crop_logits: Tensor
    whole_maps: Tensor
    crop_maps: Tensor
    whole_alone_maps: Tensor


class FusionHead(nn.Module):
    """The one layer that fusion trains: logits (N, L) of both pooled vectors, (N, K + K', 1, 1), the whole's first.

    The vectors are a map of one cell, so that what trains networks of pictures trains this too. The bias starts at 0.
    """

    def __init__(self, *, features: int, labels: int) -> None:
        super().__init__()
        if features < 1 or labels < 1:
            raise UsageError(f"A fusion needs at least one feature and one label; given: {features} and {labels}")
        self.head = nn.Linear(features, labels)
        nn.init.zeros_(self.head.bias)

    def forward(self, pooled: Tensor) -> Tensor:
        """Logits (N, L) of (N, K + K', 1, 1)."""
        logits: Tensor = self.head(pooled.flatten(1))
        return logits


class FusedClassifier(nn.Module):
    """Both extractors, which do not train any more and stay in evaluation mode, and the fusion's linear layer.

    Raises `UsageError` where `head` does not take the vectors of both.
    """

    def __init__(self, *, whole: PooledClassifier, crop: PooledClassifier, head: FusionHead) -> None:
        super().__init__()
        wanted = whole.weight.shape[1] + crop.weight.shape[1]
        if head.head.in_features != wanted:
            raise UsageError(
                f"The linear layer of the fusion must take {wanted} features; it takes {head.head.in_features}"
            )
        self.whole, self.crop, self.fusion = whole, crop, head
        for parameter in (*whole.parameters(), *crop.parameters()):
            parameter.requires_grad_(False)
        self.train(self.training)

    @property
    def weights(self) -> tuple[Tensor, Tensor]:
        """The linear layer's weights of the whole picture's features (L, K), and of the crop's (L, K')."""
        weight, features = self.fusion.head.weight, self.whole.weight.shape[1]
        return weight[:, :features], weight[:, features:]

    @property
    def bias(self) -> Tensor:
        """The linear layer's bias, (L,)."""
        return self.fusion.head.bias

    def train(self, mode: bool = True) -> Self:
        """Batch norms and dropout of the extractors stay in evaluation mode."""
        super().train(mode)
        self.whole.eval()
        self.crop.eval()
        return self

    def pooled(self, whole: Tensor, crop: Tensor) -> Tensor:
        """Both pooled vectors (N, K + K') of normalised inputs (N, C, H, W), the whole picture's first."""
        vectors = [self.whole.features(whole), self.crop.features(crop)]
        return torch.cat([features.mean(dim=(-2, -1)) for features in vectors], dim=1)

    def forward(self, whole: Tensor, crop: Tensor) -> Tensor:
        """The fusion's logits (N, L)."""
        logits: Tensor = self.fusion(self.pooled(whole, crop))
        return logits

    def outputs(self, whole: Tensor, crop: Tensor) -> FusionOutputs:
        """All logits and class maps; each extractor runs once."""
        of_whole, of_crop = self.whole.features(whole), self.crop.features(crop)
        pooled = [features.mean(dim=(-2, -1)) for features in (of_whole, of_crop)]
        weight_whole, weight_crop = self.weights
        return FusionOutputs(
            logits=self.fusion(torch.cat(pooled, dim=1)),
            whole_logits=self.whole.head(pooled[0]),
            crop_logits=self.crop.head(pooled[1]),
            whole_maps=_class_maps(of_whole, weight=weight_whole),
            crop_maps=_class_maps(of_crop, weight=weight_crop),
            whole_alone_maps=_class_maps(of_whole, weight=self.whole.weight),
        )


def _class_maps(features: Tensor, *, weight: Tensor) -> Tensor:
    """`sum_k w_lk F_k / n`, (N, L, h, w)."""
    cells = features.shape[-2] * features.shape[-1]
    return functional.conv2d(features, weight[:, :, None, None]) / cells

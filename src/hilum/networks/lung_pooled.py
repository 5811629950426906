"""Classifiers that average their features inside the lungs; their class maps are in closed form, as plain ones are.

With F (K, h, w) the last feature map and s_ij the share of cell ij that lies in the lungs, the weights are
`a_ij = s_ij / sum s` and the logit of label l is `z_l = b_l + sum_k w_lk sum_ij a_ij F_kij`. The class map
`a_ij sum_k w_lk F_kij` sums over its cells to `z_l - b_l`, and is 0 where nothing of a cell is lung.
Where nothing at all is lung, every cell weighs the same: so does a plane of ones, which gives the plain mean.

With `hides_outside` the pictures themselves are multiplied by their planes first, so that all outside the lungs has the
grey of the training's mean (0 after normalising) and cannot move the features of a cell inside; where nothing at all is
lung, nothing is hidden.

`LungAttendedClassifier` is told no lungs: with e_ij a linear score of cell ij, which training teaches how much of the
cell is lung, and s the sigmoid, its weights are `a_ij = s(e_ij) / sum s(e)`. The scores start at zero, where the mean
is the plain one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from hilum.networks.ensemble import shares_of_cells
from hilum.networks.pooled_classifier import PooledClassifier

ATTENTION = "attention"
"""Among the arguments on a card: the features are averaged by the network's own attention."""


class LungPooledClassifier(PooledClassifier):
    """Backbone, mean over the lungs, dropout, one linear layer, for pictures of `size` (rows, columns).

    Its input has one plane more than `channels`: how much of each pixel is lung, from 0 to 1. Other arguments and
    parameters are those of `PooledClassifier`, whose weights fit.
    """

    def __init__(
        self,
        backbone: str,
        *,
        labels: int,
        size: tuple[int, int],
        dropout: float = 0.0,
        channels: int = 3,
        output_stride: int | None = None,
        hides_outside: bool = False,
    ) -> None:
        super().__init__(backbone, labels=labels, dropout=dropout, channels=channels, output_stride=output_stride)
        self.hides_outside = hides_outside
        rows, columns = self.grid(size)
        self.register_buffer("down", shares_of_cells(rows, fine=size[0]).T.contiguous(), persistent=False)
        self.register_buffer("across", shares_of_cells(columns, fine=size[1]), persistent=False)

    def cell_weights(self, lungs: Tensor) -> Tensor:
        """The weights (N, 1, h, w) of the cells, which sum to 1, of planes (N, 1, H, W) in [0, 1]."""
        shares = (self.get_buffer("down") @ lungs @ self.get_buffer("across")).float()
        total = shares.sum(dim=(-2, -1), keepdim=True)
        anything = total > 0
        shares = torch.where(anything, shares, torch.ones_like(shares))
        return shares / shares.sum(dim=(-2, -1), keepdim=True)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, L) of a normalised picture and its lungs, (N, C + 1, H, W)."""
        picture, lungs = pictures_and_lungs(x)
        return self.logits_of(_pooled(self._features(picture, lungs), self.cell_weights(lungs)))

    def forward_with_maps(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, L) and class maps (N, L, h, w) of a picture and its lungs (N, C + 1, H, W)."""
        return self.inside(*pictures_and_lungs(x))

    def inside(self, picture: Tensor, lungs: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, L) and class maps (N, L, h, w) of pictures (N, C, H, W) and planes of lungs (N, 1, H, W).

        A map sums over its cells to the logit minus the bias. Dropout, where it is on, acts on the logits only.
        """
        features, weights = self._features(picture, lungs), self.cell_weights(lungs)
        maps = functional.conv2d(features, self.weight[:, :, None, None]) * weights
        return self.logits_of(_pooled(features, weights)), maps

    def _features(self, picture: Tensor, lungs: Tensor) -> Tensor:
        if not self.hides_outside:
            return self.features(picture)
        anything = lungs.amax(dim=(-2, -1), keepdim=True) > 0
        return self.features(picture * torch.where(anything, lungs, torch.ones_like(lungs)))


class LungAttendedClassifier(PooledClassifier):
    """Backbone, mean by attention, dropout, one linear layer. Arguments are those of `PooledClassifier`."""

    def __init__(
        self, backbone: str, *, labels: int, dropout: float = 0.0, channels: int = 3, output_stride: int | None = None
    ) -> None:
        super().__init__(backbone, labels=labels, dropout=dropout, channels=channels, output_stride=output_stride)
        self.attention = nn.Conv2d(self.head.in_features, 1, kernel_size=1)
        nn.init.zeros_(self.attention.weight)
        nn.init.zeros_(self.attention.bias)  # type: ignore[arg-type]  # torch's stubs: a convolution may have none

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, L) of a normalised input (N, C, H, W)."""
        features = self.features(x)
        return self.logits_of(_pooled(features, _attended(self.attention(features))))

    def forward_with_maps(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, L) and class maps (N, L, h, w), whose sum over cells is the logit minus the bias."""
        features = self.features(x)
        weights = _attended(self.attention(features))
        maps = functional.conv2d(features, self.weight[:, :, None, None]) * weights
        return self.logits_of(_pooled(features, weights)), maps

    def forward_with_scores(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, L) and the attention's scores (N, 1, h, w) before the sigmoid."""
        features = self.features(x)
        scores = self.attention(features).float()
        return self.logits_of(_pooled(features, _attended(scores))), scores


def _attended(scores: Tensor) -> Tensor:
    attended = torch.sigmoid(scores.float())
    return attended / attended.sum(dim=(-2, -1), keepdim=True)


def _pooled(features: Tensor, weights: Tensor) -> Tensor:
    pooled: Tensor = (features * weights).sum(dim=(-2, -1))
    return pooled


def pictures_and_lungs(x: Tensor) -> tuple[Tensor, Tensor]:
    """Pictures (N, C, H, W), channels last, and planes of lungs (N, 1, H, W), from both in one (N, C + 1, H, W)."""
    return x[:, :-1].contiguous(memory_format=torch.channels_last), x[:, -1:].contiguous()

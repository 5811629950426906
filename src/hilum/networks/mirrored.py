"""The mean of what a classifier says of a picture and of its mirror image.

A second look whose errors are partly others, without a second set of weights; both go through the network as one batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hilum.errors import UsageError
from hilum.networks.pooled_classifier import PooledClassifier


class Mirrored(nn.Module):
    """A trained classifier that also looks into the mirror.

    `swaps` names the pairs of outputs that a mirror exchanges, such as a turn to the left and one to the right; a
    picture with one of them counts for the other in its mirror image. Raises `UsageError` for a pair that is none.
    """

    def __init__(self, network: PooledClassifier, *, swaps: Sequence[tuple[int, int]] = ()) -> None:
        super().__init__()
        self.network = network
        order = list(range(network.head.out_features))
        for first, second in swaps:
            if not 0 <= first < second < len(order):
                raise UsageError(f"Outputs must be paired below {len(order)}; given: {first} and {second}")
            order[first], order[second] = order[second], order[first]
        self.order: Tensor
        self.register_buffer("order", torch.tensor(order), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, L) of a normalised input (N, C, H, W)."""
        return self.forward_with_features(x)[0]

    def forward_with_features(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, L) and pooled features (N, K), each the mean of both looks."""
        features = self.network.features(torch.cat((x, x.flip(-1)))).mean(dim=(-2, -1))
        looks = self.network.head(features).reshape(2, -1, self.order.shape[0])
        return (looks[0] + looks[1][:, self.order]) / 2, features.reshape(2, -1, features.shape[1]).mean(dim=0)

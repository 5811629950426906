"""A classifier whose pooled tokens pass through more than one linear layer, as some foundations' own classifiers do.

Its logits are no sums over the patches, so it has no class maps in closed form.
"""

from __future__ import annotations

from torch import Tensor, nn


class PooledTail(nn.Module):
    """The mean over a backbone's map (N, K, h, w), `tail`, which takes and gives (N, ...), and a linear layer."""

    def __init__(self, backbone: nn.Module, *, tail: nn.Module, head: nn.Linear) -> None:
        super().__init__()
        self.backbone, self.tail, self.head = backbone, tail, head

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, L) of a normalised input (N, C, H, W)."""
        logits: Tensor = self.head(self.tail(self.backbone(x).mean(dim=(-2, -1))))
        return logits

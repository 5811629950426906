"""How capsules of one layer choose those of the next: dynamic routing, of a whole layer and of places side by side.

A capsule is a vector: its length, below 1, says how surely something is there, its direction how it looks. The capsules
of one layer each predict those of the next, and agree with some more than with others: routing weighs predictions by
how well they agree, in a few rounds (Sabour, Frosst and Hinton 2017, arXiv:1710.09829).

Locally constrained routing (LaLonde and Bagci 2018, arXiv:1804.04241) makes a grid of capsules of a grid: each place
above is routed from the places below that a kernel around it covers, by weights that all places share. Memory grows
with the places alone.
"""

from __future__ import annotations

import torch
import torch.fx
from torch import Tensor, nn

from hilum.errors import UsageError

_LEAST = 1e-8
_FLOOR = 1e-4


def squash(vectors: Tensor, *, dim: int = -1) -> Tensor:
    """The same direction with a length below 1: `|s|^2 / (1 + |s|^2) s / |s|` (Sabour et al., equation 1), 0 for 0."""
    squared = (vectors**2).sum(dim=dim, keepdim=True)
    return vectors * squared / (1 + squared) / torch.sqrt(squared + _LEAST)


def length_logits(sums: Tensor) -> Tensor:
    """The logits (...) of the lengths that `sums` (..., D) have when they are squashed: `log |s|^2`.

    `|s|^2 / (1 + |s|^2)` is the logistic function of that. 1e-4 is added to `|s|^2`, so that a sum of 0 has -9.2, and
    the last bits of a sum that is nearly 0 do not decide.
    """
    return torch.log((sums.float() ** 2).sum(dim=-1) + _FLOOR)


def routed_sums(predictions: Tensor, *, rounds: int) -> Tensor:
    """What the capsules above (N, J, D) are before they are squashed, by procedure 1 of Sabour et al.

    `predictions` (N, I, J, D) are those of I capsules below. Each of them shares itself out over those above by a
    softmax of logits that start equal and grow, round by round, by the product of its prediction with what came out.
    Only the last round passes gradients to the predictions, as the logits are no parameters. Always in float32.
    """
    if rounds < 1:
        raise UsageError(f"Routing needs at least one round; given: {rounds}")
    predictions = predictions.float()
    logits = torch.zeros_like(predictions[..., 0])
    fixed = predictions.detach()
    for _ in range(rounds - 1):
        above = squash((logits.softmax(dim=2)[..., None] * fixed).sum(dim=1))
        logits = logits + (fixed * above[:, None]).sum(dim=-1)
    return (logits.softmax(dim=2)[..., None] * predictions).sum(dim=1)


def route(predictions: Tensor, *, rounds: int) -> Tensor:
    """The capsules above (N, J, D) from what those below predict of them, (N, I, J, D): `routed_sums`, squashed."""
    return squash(routed_sums(predictions, rounds=rounds))


def _routed_places(votes: Tensor, kinds: int, above: int, numbers: int, rounds: int) -> Tensor:
    """Every place routed on its own: (N, above, numbers, h, w) of votes (N, kinds x above x numbers, h, w)."""
    rows, columns = votes.shape[-2:]
    each = votes.reshape(-1, kinds, above, numbers, rows, columns).permute(0, 4, 5, 1, 2, 3).flatten(0, 2)
    routed = route(each, rounds=rounds)
    return routed.reshape(-1, rows, columns, above, numbers).permute(0, 3, 4, 1, 2)


torch.fx.wrap("_routed_places")  # which torch.fx cannot follow: it depends on shapes


class LocalCapsules(nn.Module):
    """A grid of capsules (N, kinds, below, H, W) to one of half its places a side, (N, above, numbers, h, w).

    `kernel` is the side of what each place above sees, an odd number. The predictions of one kind for a place are one
    convolution of its capsules there, with weights of its own for each kind above (algorithm 1 of LaLonde and Bagci):
    each kind below shares itself out over the kinds above, at each place. The weights start so that capsules of a
    length of one quarter give such of one half: squashing makes short ones ever shorter, layer by layer.
    """

    def __init__(self, *, kinds: int, below: int, above: int, numbers: int, kernel: int, rounds: int) -> None:
        super().__init__()
        if kernel % 2 == 0 or min(kinds, below, above, numbers, kernel) < 1:
            raise UsageError(f"Local capsules need an odd kernel and counts of at least 1; given: kernel {kernel}")
        self._shape = (kinds, above, numbers, rounds)
        self.votes = nn.Conv2d(
            kinds * below,
            kinds * above * numbers,
            kernel_size=kernel,
            stride=2,
            padding=kernel // 2,
            groups=kinds,
            bias=False,
        )
        nn.init.normal_(self.votes.weight, std=4 * above / (kernel * (kinds * numbers) ** 0.5))

    def forward(self, grid: Tensor) -> Tensor:
        """The grid above."""
        kinds, above, numbers, rounds = self._shape
        return _routed_places(self.votes(grid.flatten(1, 2)), kinds, above, numbers, rounds)

"""Capsules with dynamic routing (Sabour, Frosst and Hinton 2017, arXiv:1710.09829).

A capsule is a vector: its length, below 1, says how surely something is there, its direction how it looks. The capsules
of one layer each predict those of the next, and agree with some more than with others: routing weighs predictions by
how well they agree, in a few rounds.

Each capsule below has weights of its own for each above in the paper; their number and the memory of what they predict
grow with the pixels. With `shared` weights one set serves all places of a picture, and with a `window` the predictions
of one kind are averaged over squares of so many places before they are routed: memory is then that of the squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from hilum.errors import UsageError

_LEAST = 1e-8


def squash(vectors: Tensor, *, dim: int = -1) -> Tensor:
    """The same direction with a length below 1: `|s|^2 / (1 + |s|^2) s / |s|` (equation 1); 0 stays 0."""
    squared = (vectors**2).sum(dim=dim, keepdim=True)
    return vectors * squared / (1 + squared) / torch.sqrt(squared + _LEAST)


def route(predictions: Tensor, *, rounds: int) -> Tensor:
    """The capsules above (N, J, D) from what those below predict of them, (N, I, J, D), by procedure 1 of the paper.

    Each capsule below shares itself out over those above by a softmax of logits that start equal and grow, round by
    round, by the product of its prediction with what came out. Only the last round passes gradients to the predictions,
    as the logits are no parameters.
    """
    if rounds < 1:
        raise UsageError(f"expected at least one round of routing, came {rounds}")
    logits = torch.zeros_like(predictions[..., 0])
    fixed = predictions.detach()
    for _ in range(rounds - 1):
        above = squash((logits.softmax(dim=2)[..., None] * fixed).sum(dim=1))
        logits = logits + (fixed * above[:, None]).sum(dim=-1)
    return squash((logits.softmax(dim=2)[..., None] * predictions).sum(dim=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class CapsuleShape:
    """How large a capsule network is; the defaults are the paper's, for 28 x 28 pixels.

    `channels` come out of the first convolution, `kinds` of capsules of `below` numbers each out of the second, and
    one of `above` numbers a label out of routing. `window` is the side of the squares over which a shared pair's
    predictions are averaged; 1 averages nothing.
    """

    side: int = 28
    channels: int = 256
    kinds: int = 32
    below: int = 8
    above: int = 16
    rounds: int = 3
    shared: bool = False
    window: int = 1

    def __post_init__(self) -> None:
        counts = (self.channels, self.kinds, self.below, self.above, self.rounds, self.window)
        if min(counts) < 1 or self.places < 1:
            raise UsageError(
                f"expected a picture of at least 17 pixels and counts from 1 on for capsules, came {self.side} pixels "
                f"and {counts}"
            )
        if self.window > 1 and not self.shared:
            raise UsageError("expected a shared pair of weights for predictions that are averaged, came each its own")
        if self.places % self.window:
            raise UsageError(
                f"expected a window that divides the {self.places} places a side of {self.side} pixels, came "
                f"{self.window}"
            )

    @property
    def places(self) -> int:
        """Places of capsules a side, after convolutions of 9 pixels with strides of 1 and 2."""
        return (self.side - 8 - 9) // 2 + 1

    @property
    def routed(self) -> int:
        """Capsules below that are routed, for one picture."""
        return self.kinds * (self.places // self.window) ** 2


class CapsuleNetwork(nn.Module):
    """Two convolutions of 9 pixels, capsules, and routing to one capsule a label (the paper's section 4).

    The input is (N, C, side, side). Raises `UsageError` for labels or channels below 1.
    """

    def __init__(self, shape: CapsuleShape, *, labels: int, inputs: int = 1) -> None:
        super().__init__()
        if labels < 1 or inputs < 1:
            raise UsageError(f"expected labels >= 1 and input channels >= 1, came {labels} and {inputs}")
        self.shape, self.labels, self.inputs = shape, labels, inputs
        self.first = nn.Conv2d(inputs, shape.channels, kernel_size=9)
        self.second = nn.Conv2d(shape.channels, shape.kinds * shape.below, kernel_size=9, stride=2)
        pairs = shape.kinds if shape.shared else shape.routed
        self.pairs = nn.Parameter(0.1 * torch.randn(pairs, labels, shape.below, shape.above))

    def capsules(self, x: Tensor) -> Tensor:
        """One capsule a label, (N, L, above)."""
        return route(self._predictions(self._below(x)), rounds=self.shape.rounds)

    def forward(self, x: Tensor) -> Tensor:
        """The lengths of the labels' capsules, (N, L) in [0, 1)."""
        lengths: Tensor = torch.linalg.vector_norm(self.capsules(x), dim=-1)
        return lengths

    def _below(self, x: Tensor) -> Tensor:
        """The capsules below, (N, kinds, places of all, below), squashed."""
        grid: Tensor = self.second(functional.relu(self.first(x)))
        numbers = grid.reshape(len(x), self.shape.kinds, self.shape.below, -1)
        return squash(numbers, dim=2).transpose(2, 3)

    def _predictions(self, below: Tensor) -> Tensor:
        """What the routed capsules predict of those above, (N, I, L, above)."""
        if not self.shape.shared:
            return torch.einsum("nid,ildk->nilk", below.flatten(1, 2), self.pairs)
        # a linear prediction's mean is the prediction of the mean: averaged first, none is ever held for each place
        if self.shape.window > 1:
            places = self.shape.places
            grid = below.transpose(2, 3).reshape(-1, self.shape.below, places, places)
            averaged = functional.avg_pool2d(grid, self.shape.window).flatten(2)
            below = averaged.reshape(len(below), self.shape.kinds, self.shape.below, -1).transpose(2, 3)
        return torch.einsum("ntpd,tldk->ntplk", below, self.pairs).flatten(1, 2)


class Reconstruction(nn.Module):
    """The picture (N, C, side, side) in [0, 1] from the capsules of the labels that are there (section 4.1)."""

    def __init__(self, network: CapsuleNetwork, *, hidden: tuple[int, int] = (512, 1024)) -> None:
        super().__init__()
        shape = network.shape
        pixels = network.inputs * shape.side**2
        self._size = (network.inputs, shape.side, shape.side)
        self.layers = nn.Sequential(
            nn.Linear(network.labels * shape.above, hidden[0]),
            nn.ReLU(),
            nn.Linear(hidden[0], hidden[1]),
            nn.ReLU(),
            nn.Linear(hidden[1], pixels),
            nn.Sigmoid(),
        )

    def forward(self, capsules: Tensor, targets: Tensor) -> Tensor:
        """From capsules (N, L, above), those whose target (N, L) is 0 or not known set to 0."""
        there = torch.nan_to_num(targets, nan=0.0)
        painted: Tensor = self.layers((capsules * there[..., None]).flatten(1))
        return painted.reshape(len(painted), *self._size)

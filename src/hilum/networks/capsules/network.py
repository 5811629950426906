"""Networks that end in one capsule a label, whose length is how surely the label is there.

Two convolutions make a grid of capsules, and routing one capsule a label of them (Sabour, Frosst and Hinton 2017,
arXiv:1710.09829, section 4). What lies between is chosen by `CapsuleShape.routing`:

- `Dense`, the paper's: each capsule of the grid has weights of its own for each label. Weights and predictions grow
  with the places, at 28 x 28 pixels to 1,152 capsules, at 224 x 224 to 346,112.
- `SharedPairs`: one set of weights serves all places, and the predictions of one kind are averaged over squares of
  places before they are routed.
- `LocallyConstrained`: grids of fewer and fewer places (`routing.py`), and the paper's routing of the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
import torch.fx
from torch import Tensor, nn
from torch.nn import functional

from hilum.errors import require
from hilum.networks.capsules.routing import LocalCapsules, length_logits, routed_sums, squash

_check = partial(require, "A capsule network")

# leaves of torch.fx, which cannot follow what depends on shapes
torch.fx.wrap("routed_sums")
torch.fx.wrap("_as_grid")
torch.fx.wrap("_own_predictions")
torch.fx.wrap("_shared_predictions")

_KERNEL = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Dense:
    """Each capsule of the grid has weights of its own for each label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPairs:
    """Each kind has one set of weights for each label, whatever its place.

    `window` is the side of the squares over which predictions are averaged; 1 averages nothing.
    """

    window: int = 1

    def __post_init__(self) -> None:
        _check(self.window >= 1, "a window from 1 on", self.window)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocallyConstrained:
    """`layers` grids of `kinds` kinds of capsules with `numbers` numbers each, of half the places a side each time.

    Each place sees `kernel` x `kernel` places of the grid below.
    """

    layers: int = 3
    kinds: int = 8
    numbers: int = 16
    kernel: int = 5

    def __post_init__(self) -> None:
        _check(min(self.layers, self.kinds, self.numbers) >= 1, "layers, kinds and numbers from 1 on", self)
        _check(self.kernel % 2 == 1 and self.kernel >= 1, "an odd kernel", self.kernel)


Routing = Dense | SharedPairs | LocallyConstrained


@dataclass(frozen=True, slots=True, kw_only=True)
class CapsuleShape:
    """How large a capsule network is; the defaults are the paper's, for 28 x 28 pixels.

    `channels` come out of the first convolution, whose stride is `stride`; `kinds` of capsules of `below` numbers each
    out of the second, whose stride is 2; and one of `above` numbers a label out of routing, in `rounds`. Where the
    convolutions are `padded` with zeros, the places reach the border, and their number is that of the pixels over the
    square of `2 stride`, rounded up.
    """

    side: int = 28
    channels: int = 256
    kinds: int = 32
    below: int = 8
    above: int = 16
    rounds: int = 3
    stride: int = 1
    padded: bool = False
    routing: Routing = Dense()

    def __post_init__(self) -> None:
        counts = (self.channels, self.kinds, self.below, self.above, self.rounds, self.stride)
        _check(min(counts) >= 1, "counts from 1 on", counts)
        least = 1 if self.padded else _KERNEL + 8 * self.stride
        _check(self.side >= least, f"a picture of at least {least} pixels a side", self.side)
        if isinstance(self.routing, SharedPairs):
            fits = self.places % self.routing.window == 0
            _check(fits, f"a window that divides the {self.places} places a side", self.routing.window)

    @property
    def places(self) -> int:
        """Places of the grid a side, after convolutions of 9 pixels with strides of `stride` and 2."""
        lost = _KERNEL - 2 * self.padding
        first = (self.side - lost) // self.stride + 1
        return (first - lost) // 2 + 1

    @property
    def padding(self) -> int:
        """Zeros on each side of what both convolutions see."""
        return _KERNEL // 2 if self.padded else 0

    @property
    def routed(self) -> int:
        """Capsules that are routed to the labels, for one picture."""
        match self.routing:
            case Dense():
                return self.kinds * self.places**2
            case SharedPairs(window=window):
                return self.kinds * (self.places // window) ** 2
            case LocallyConstrained(layers=layers, kinds=kinds):
                places = self.places
                for _ in range(layers):
                    places = (places - 1) // 2 + 1
                return kinds * places**2

    @property
    def numbers(self) -> int:
        """Numbers of each capsule that is routed to the labels."""
        return self.routing.numbers if isinstance(self.routing, LocallyConstrained) else self.below


LARGE = CapsuleShape(
    side=224, channels=64, kinds=16, stride=2, padded=True, routing=LocallyConstrained(layers=3, kinds=8, numbers=16)
)
"""Capsules for pictures of 112 pixels and more, whose memory grows with the pixels alone."""


class CapsuleGrid(nn.Module):
    """From a picture (N, C, side, side) to the grid that is routed to the labels, (N, kinds, numbers, places, places).

    A picture of another size has other places.
    """

    def __init__(self, shape: CapsuleShape, *, inputs: int) -> None:
        super().__init__()
        self._first_grid = shape.kinds, shape.below
        made = partial(nn.Conv2d, kernel_size=_KERNEL, padding=shape.padding)
        self.first = made(inputs, shape.channels, stride=shape.stride)
        self.second = made(shape.channels, shape.kinds * shape.below, stride=2)
        self.layers = nn.Sequential(*_local_layers(shape))

    def forward(self, x: Tensor) -> Tensor:
        """The grid."""
        found = _as_grid(self.second(functional.relu(self.first(x))), *self._first_grid)
        grid: Tensor = self.layers(found)
        return grid


class CapsuleMap(CapsuleGrid):
    """The grid as a feature map (N, kinds x numbers, places, places), of which a linear layer may read the mean."""

    def forward(self, x: Tensor) -> Tensor:
        """The map, each of whose values lies in (-1, 1)."""
        return super().forward(x).flatten(1, 2)


class CapsuleNetwork(nn.Module):
    """From a picture (N, C, side, side) to the logits of the labels' capsules, (N, L).

    Raises `UsageError` for labels or channels below 1.
    """

    def __init__(self, shape: CapsuleShape, *, labels: int, inputs: int = 1) -> None:
        super().__init__()
        _check(labels >= 1 and inputs >= 1, "labels >= 1 and input channels >= 1", (labels, inputs))
        self.shape, self.labels, self.inputs = shape, labels, inputs
        self.grid = CapsuleGrid(shape, inputs=inputs)
        pairs = shape.kinds if isinstance(shape.routing, SharedPairs) else shape.routed
        self.pairs = nn.Parameter(0.1 * torch.randn(pairs, labels, shape.numbers, shape.above))

    def sums(self, x: Tensor) -> Tensor:
        """The labels' capsules before they are squashed, (N, L, above)."""
        return routed_sums(self.predictions(self.grid(x)), rounds=self.shape.rounds)

    def capsules(self, x: Tensor) -> Tensor:
        """One capsule a label, (N, L, above)."""
        return squash(self.sums(x))

    def forward(self, x: Tensor) -> Tensor:
        """The logits (N, L), whose logistic function is the length of each label's capsule."""
        return length_logits(self.sums(x))

    def predictions(self, grid: Tensor) -> Tensor:
        """What the capsules of a grid predict of the labels', (N, I, L, above)."""
        if isinstance(self.shape.routing, SharedPairs):
            return _shared_predictions(grid, self.pairs, self.shape.routing.window)
        return _own_predictions(grid, self.pairs)

    def reading(self, planes: int) -> CapsuleNetwork:
        """A copy for pictures of `planes` channels, each of which counts an equal share.

        It gives of planes that are all alike what this gives of one of them.
        """
        made = CapsuleNetwork(self.shape, labels=self.labels, inputs=planes)
        state = self.state_dict()
        shared = state["grid.first.weight"].sum(dim=1, keepdim=True) / planes
        made.load_state_dict(state | {"grid.first.weight": shared.repeat(1, planes, 1, 1)})
        return made


def _local_layers(shape: CapsuleShape) -> list[LocalCapsules]:
    routing = shape.routing
    if not isinstance(routing, LocallyConstrained):
        return []
    below = [(shape.kinds, shape.below), *[(routing.kinds, routing.numbers)] * (routing.layers - 1)]
    return [
        LocalCapsules(
            kinds=kinds,
            below=numbers,
            above=routing.kinds,
            numbers=routing.numbers,
            kernel=routing.kernel,
            rounds=shape.rounds,
        )
        for kinds, numbers in below
    ]


def _as_grid(numbers: Tensor, kinds: int, below: int) -> Tensor:
    """Squashed capsules (N, kinds, below, h, w) of a map (N, kinds x below, h, w)."""
    return squash(numbers.float().reshape(-1, kinds, below, *numbers.shape[-2:]), dim=2)


def _own_predictions(grid: Tensor, pairs: Tensor) -> Tensor:
    """(N, I, L, above) of a grid (N, T, D, h, w); each capsule has its own of `pairs` (T h w, L, D, above)."""
    return torch.einsum("nid,ildk->nilk", grid.flatten(3).transpose(2, 3).flatten(1, 2), pairs)


def _shared_predictions(grid: Tensor, pairs: Tensor, window: int) -> Tensor:
    """(N, I, L, above) of a grid (N, T, D, h, w), whose capsules of one kind share one of `pairs` (T, L, D, above)."""
    # a linear prediction's mean is the prediction of the mean: averaged first, none is ever held for each place
    averaged = functional.avg_pool2d(grid.flatten(1, 2), window)
    averaged = averaged.reshape(-1, *grid.shape[1:3], *averaged.shape[-2:])
    return torch.einsum("ntdp,tldk->ntplk", averaged.flatten(3), pairs).flatten(1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Painting:
    """How the picture is painted from its labels' capsules, so that they keep telling how things look.

    `weight` times the sum of squared differences over the pixels is added to the sum of a picture's losses. It is
    painted from the capsules of the labels that are `present`, as in the paper, which leaves nothing of a picture
    without any; or of `all`. The painted picture is `side` pixels a side, the given one being made as small; `hidden`
    are the neurons of the two layers between.
    """

    weight: float = 0.0005
    capsules: Literal["present", "all"] = "all"
    side: int = 28
    hidden: tuple[int, int] = (512, 1024)

    def __post_init__(self) -> None:
        _check(self.weight > 0, "a weight of painting above 0, or no painting", self.weight)
        _check(min(self.side, *self.hidden) >= 1, "a painted side and hidden neurons from 1 on", self)


class Painter(nn.Module):
    """Paints a picture in [0, 1] from its labels' capsules (section 4.1)."""

    def __init__(self, painting: Painting, *, labels: int, above: int) -> None:
        super().__init__()
        self._painting, self._size = painting, (1, painting.side, painting.side)
        first, second = painting.hidden
        self.layers = nn.Sequential(
            nn.Linear(labels * above, first),
            nn.ReLU(),
            nn.Linear(first, second),
            nn.ReLU(),
            nn.Linear(second, painting.side**2),
            nn.Sigmoid(),
        )

    def forward(self, capsules: Tensor, targets: Tensor) -> Tensor:
        """The painted picture (N, 1, side, side) from capsules (N, L, above) and the targets (N, L) of their labels."""
        if self._painting.capsules == "present":  # a label that is not known is not there
            capsules = capsules * torch.nan_to_num(targets, nan=0.0)[..., None]
        painted: Tensor = self.layers(capsules.flatten(1))
        return painted.reshape(len(painted), *self._size)

    def differences(self, capsules: Tensor, targets: Tensor, pictures: Tensor) -> Tensor:
        """The sum of squared differences (N,) to the pictures (N, 1, H, W) in [0, 1], made as small."""
        small = functional.adaptive_avg_pool2d(pictures.float(), self._size[1:])
        painted: Tensor = self(capsules, targets)
        return ((painted.float() - small) ** 2).flatten(1).sum(dim=1)

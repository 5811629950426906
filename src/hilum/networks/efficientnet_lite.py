"""EfficientNet-Lite 0, 1 and 2 up to their last map: ReLU6 and no squeeze blocks, so that maps and int8 hold.

The layers of Tan and Le 2019 without what small devices lack, as TensorFlow released them. They are written out here
rather than taken from timm (`tf_efficientnet_lite0` and so on), whose convolutions ask for the picture's size while
they run: those cannot be folded with their batch norms, nor laid out for fast training. In the same order stand the
same parameters under other names, so that weights pair by position.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

STEM, LAST = 32, 1280
"""Channels after the first convolution and of the last map, the same in all three."""

_EPSILON = 1e-3  # TensorFlow's, with which the released weights were trained


@dataclass(frozen=True, slots=True)
class _Stage:
    """`repeats` blocks that widen by `expand` inside; the first of them has `stride`."""

    expand: int
    kernel: int
    stride: int
    channels: int
    repeats: int


_STAGES = (
    _Stage(1, 3, 1, 16, 1),
    _Stage(6, 3, 2, 24, 2),
    _Stage(6, 5, 2, 40, 2),
    _Stage(6, 3, 2, 80, 3),
    _Stage(6, 5, 1, 112, 3),
    _Stage(6, 5, 2, 192, 4),
    _Stage(6, 3, 1, 320, 1),
)


def efficientnet_lite(*, width: float, depth: float) -> nn.Sequential:
    """The network from (N, 3, H, W) to (N, 1280, ceil(H / 32), ceil(W / 32)), values in [0, 6], with random weights.

    `width` scales the channels of the stages and `depth` the repeats of all but the first and last: 1.0 and 1.0 for
    Lite0, 1.0 and 1.1 for Lite1, 1.1 and 1.2 for Lite2. The children are the first convolution, the blocks and the
    last convolution, as in torchvision's MobileNetV2.
    """
    layers: list[nn.Module] = [_convolution(3, STEM, kernel=3, stride=2)]
    channels = STEM
    for stage in _STAGES:
        wide = _to_eights(stage.channels * width)
        repeats = stage.repeats if stage in (_STAGES[0], _STAGES[-1]) else math.ceil(stage.repeats * depth)
        for place in range(repeats):
            stride = stage.stride if place == 0 else 1
            layers.append(_Block(channels, wide, expand=stage.expand, kernel=stage.kernel, stride=stride))
            channels = wide
    network = nn.Sequential(*layers, _convolution(channels, LAST, kernel=1))
    _draw_weights(network)
    return network


class SamePad(nn.Module):
    """Zeros around (N, C, H, W), so that a convolution of stride 2 gives ceil(H / 2) rows: TensorFlow's "same".

    An even side gets `kernel` - 2 rows and an odd one `kernel` - 1; where they do not halve, the last side gets more.
    There is no branch, so that the graph of a fixed size has fixed padding.
    """

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.kernel = kernel

    def forward(self, x: Tensor) -> Tensor:
        """The picture with its border."""
        rows, columns = (self.kernel - 2 + side % 2 for side in (x.shape[-2], x.shape[-1]))
        top, left = rows // 2, columns // 2
        return functional.pad(x, (left, columns - left, top, rows - top))


class _Block(nn.Module):
    """Widen, filter each channel, narrow; the input is added where it has the output's shape."""

    def __init__(self, channels_in: int, channels_out: int, *, expand: int, kernel: int, stride: int) -> None:
        super().__init__()
        inside = channels_in * expand
        widen = [] if expand == 1 else [_convolution(channels_in, inside, kernel=1)]
        self.layers = nn.Sequential(
            *widen,
            _convolution(inside, inside, kernel=kernel, stride=stride, groups=inside),
            nn.Conv2d(inside, channels_out, kernel_size=1, bias=False),
            nn.BatchNorm2d(channels_out, eps=_EPSILON),
        )
        self.adds = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C', H', W')."""
        out: Tensor = self.layers(x)
        return x + out if self.adds else out


def _convolution(channels_in: int, channels_out: int, *, kernel: int, stride: int = 1, groups: int = 1) -> nn.Module:
    """A convolution, its batch norm and ReLU6."""
    return nn.Sequential(
        *([SamePad(kernel)] if stride > 1 else []),
        nn.Conv2d(
            channels_in,
            channels_out,
            kernel_size=kernel,
            stride=stride,
            padding=0 if stride > 1 else kernel // 2,
            groups=groups,
            bias=False,
        ),
        nn.BatchNorm2d(channels_out, eps=_EPSILON),
        nn.ReLU6(inplace=True),
    )


def _to_eights(channels: float) -> int:
    """The multiple of 8 that is nearest, and not below nine tenths of `channels`."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * channels else rounded + 8


def _draw_weights(network: nn.Module) -> None:
    """Normal, with the variance that keeps the gradient's size: 2 over the outputs that one input reaches."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            reached = math.prod(module.kernel_size) * module.out_channels // module.groups
            with torch.no_grad():
                module.weight.normal_(0.0, math.sqrt(2.0 / reached))

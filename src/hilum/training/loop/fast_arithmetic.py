"""How a network is laid out for training: channels last, and on a CPU without the slow paths of bfloat16.

oneDNN has no fast backward pass in bfloat16 for depthwise convolutions that have a stride, a dilation or more than 3x3
weights: their gradients take up to a hundred times what the convolution takes. Both gradients are convolutions
themselves, and are computed here by kinds that it is fast at; `benchmarks/training.py` says what a step gains.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

_FAST = 3
"""The side of the depthwise weights whose gradient oneDNN computes fast."""


class Depthwise(nn.Conv2d):
    """A depthwise convolution whose gradients are fast under bfloat16 autocast on a CPU; its parameters stay."""

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of (N, C, H, W), in the type that autocast asks for."""
        wanted = torch.get_autocast_dtype("cpu")
        if input.device.type != "cpu" or not torch.is_autocast_enabled("cpu") or wanted != torch.bfloat16:
            return super().forward(input)
        given = input.to(wanted, memory_format=torch.channels_last)
        shape = _Shape(self.stride, self.padding, self.dilation)  # type: ignore[arg-type]  # pairs, in every layer here
        output: Tensor = _Gradients.apply(given, self.weight.to(wanted), shape)  # type: ignore[no-untyped-call]
        return output if self.bias is None else output + self.bias.to(wanted)[:, None, None]


class _Shape(NamedTuple):
    """How a convolution moves over its input."""

    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]


class _Gradients(torch.autograd.Function):
    """A depthwise convolution of (N, C, H, W) by (C, 1, K, K), without bias, and its gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, shape: _Shape) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.shape = shape
        return functional.conv2d(
            x,
            weight,
            stride=shape.stride,
            padding=shape.padding,
            dilation=shape.dilation,
            groups=len(weight),
        )

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        shape: _Shape = ctx.shape
        given = upstream[0].contiguous(memory_format=torch.channels_last)
        of_input = of_weight = None
        if ctx.needs_input_grad[0]:
            of_input = _of_input(given, weight, size=x.shape, shape=shape)
        if ctx.needs_input_grad[1] and max(shape.dilation) > 1:
            given, dense = _dense(given, x, side=weight.shape[-1], shape=shape)
            of_weight = _of_weight(given, weight, x=dense, stride=shape.stride, padding=(0, 0))
        elif ctx.needs_input_grad[1]:
            of_weight = _of_weight(given, weight, x=x, stride=shape.stride, padding=shape.padding)
        return of_input, of_weight, None


def _of_input(upstream: Tensor, weight: Tensor, *, size: torch.Size, shape: _Shape) -> Tensor:
    """The upstream gradient filtered by the weights turned over, with zeros between its rows where there is a stride.

    Those are put where a filter that keeps the size gives the input's gradient at once.
    """
    side = weight.shape[-1]
    turned = weight.flip(2, 3)
    if max(shape.stride) == 1:
        around = [step * (side - 1) - each for step, each in zip(shape.dilation, shape.padding, strict=True)]
        return functional.conv2d(upstream, turned, padding=around, dilation=shape.dilation, groups=len(weight))
    (down, across), (top, left) = shape.stride, (side // 2 - each for each in shape.padding)
    spread = torch.empty(size, dtype=upstream.dtype, memory_format=torch.channels_last).zero_()
    spread[:, :, top::down, left::across][:, :, : upstream.shape[2], : upstream.shape[3]] = upstream
    return functional.conv2d(spread, turned, padding=side // 2, groups=len(weight))


def _dense(upstream: Tensor, x: Tensor, *, side: int, shape: _Shape) -> tuple[Tensor, Tensor]:
    """Gradient and padded input of a convolution without dilation whose weights have the same gradient.

    A dilated filter never mixes pixels of different remainders by the dilation, so each remainder is a picture of its
    own. Zeros are added where a side is no multiple.
    """
    down, across = shape.dilation
    rows, columns = -(-upstream.shape[2] // down), -(-upstream.shape[3] // across)
    given = functional.pad(upstream, (0, columns * across - upstream.shape[3], 0, rows * down - upstream.shape[2]))
    top, left = shape.padding
    bottom = (rows + side - 1) * down - x.shape[2] - top
    right = (columns + side - 1) * across - x.shape[3] - left
    padded = functional.pad(x, (left, right, top, bottom))
    parts = (
        torch.cat([each[:, :, row::down, column::across] for row in range(down) for column in range(across)])
        for each in (given, padded)
    )
    dense_given, dense_x = (part.contiguous(memory_format=torch.channels_last) for part in parts)
    return dense_given, dense_x


def _of_weight(
    upstream: Tensor, weight: Tensor, *, x: Tensor, stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    """3x3 weights at a time: each is the gradient of a 3x3 convolution of a part of the input."""
    side = weight.shape[-1]
    if side == _FAST:
        return _of_three(upstream, weight, x=x, stride=stride, padding=padding)
    padded = functional.pad(x, (padding[1], padding[1], padding[0], padding[0]))
    rows, columns = ((upstream.shape[2 + axis] - 1) * stride[axis] + _FAST for axis in (0, 1))
    found = torch.empty_like(weight)
    starts = range(0, side - _FAST + 1, _FAST - 1)
    for row in starts:
        for column in starts:
            part = padded[:, :, row : row + rows, column : column + columns]
            here = (..., slice(row, row + _FAST), slice(column, column + _FAST))
            found[here] = _of_three(upstream, weight[here].contiguous(), x=part, stride=stride, padding=(0, 0))
    return found


def _of_three(
    upstream: Tensor, weight: Tensor, *, x: Tensor, stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    found: Tensor = torch.ops.aten.convolution_backward(
        upstream,
        x.contiguous(memory_format=torch.channels_last),
        weight,
        None,
        stride,
        padding,
        (1, 1),
        False,
        (0, 0),
        len(weight),
        (False, True, False),
    )[1]
    return found


def use_fast_arithmetic(network: nn.Module) -> None:
    """Lay `network` out for training, in place; names and values of its parameters stay."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # absent from torch's stubs
    for module in network.modules():
        if type(module) is nn.Conv2d and _is_slow(module):
            module.__class__ = Depthwise


def _is_slow(layer: nn.Conv2d) -> bool:
    """Whether it is a depthwise convolution with slow gradients, of the kinds that are computed here."""
    side = layer.kernel_size[0]
    depthwise = layer.groups == layer.in_channels == layer.out_channels > 1
    plain = layer.kernel_size == (side, side) and layer.padding_mode == "zeros"
    strided, dilated = max(layer.stride) > 1, max(layer.dilation) > 1
    slow = (strided or dilated or side > _FAST) and not (strided and dilated)
    reach = [side // 2 * step for step in layer.dilation]
    near = not isinstance(layer.padding, str) and all(a <= b for a, b in zip(layer.padding, reach, strict=True))
    return depthwise and plain and slow and near and side % 2 == 1 and side >= _FAST

"""How a network is laid out for training: channels last, and on a CPU without the slow paths of bfloat16.

oneDNN has no fast backward pass for strided depthwise convolutions in bfloat16. They are computed in float32 and
rounded to bfloat16 once, which is also closer to the exact value; `benchmarks/training.py` says what a step gains.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class StridedDepthwise(nn.Conv2d):
    """A depthwise convolution with a stride, which autocast on a CPU computes in float32; its parameters stay."""

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of (N, C, H, W), in the type that autocast asks for."""
        if input.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            return super().forward(input)
        with torch.autocast("cpu", enabled=False):
            output = super().forward(input.float())
        return output.to(torch.get_autocast_dtype("cpu"))


def use_fast_arithmetic(network: nn.Module) -> None:
    """Lay `network` out for training, in place; names and values of its parameters stay."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # absent from torch's stubs
    for module in network.modules():
        if type(module) is nn.Conv2d and module.groups == module.in_channels > 1 and max(module.stride) > 1:
            module.__class__ = StridedDepthwise

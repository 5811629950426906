"""A finer last map: the last stride of a network is taken out, so that a cell stands for 16 pixels of a side, not 32.

What came after that stride saw a grid of half the density. Its filters are dilated by two, so that each sees what it
saw before: the cells that were there keep their values, and new ones stand between them (Chen et al. 2017, DeepLab,
section 3.1; timm's `output_stride` does the same).
"""

from __future__ import annotations

from torch import nn

from hilum.networks.efficientnet_lite import SamePad

FINER = 16
"""Pixels of a side for which a cell of the finer map stands."""


def take_out_last_stride(network: nn.Module) -> nn.Module:
    """The same network, changed in place; its convolutions must run in the order in which they stand in it.

    Names and shapes of its parameters stay.
    """
    layers = list(network.named_modules())
    convolutions = [layer for _, layer in layers if isinstance(layer, nn.Conv2d)]
    last = max(place for place, layer in enumerate(convolutions) if layer.stride == (2, 2))
    strided = convolutions[last]
    strided.stride = (1, 1)
    strided.padding = tuple(side // 2 for side in strided.kernel_size)
    for layer in convolutions[last + 1 :]:
        layer.dilation = (2, 2)
        layer.padding = tuple(side // 2 * 2 for side in layer.kernel_size)
    padded = [name for name, layer in layers if isinstance(layer, SamePad)]
    if padded:  # that of the last stride, which the convolution now does itself
        network.set_submodule(padded[-1], nn.Identity())
    return network

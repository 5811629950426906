import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from hilum.networks.pooled_classifier import PooledClassifier
from hilum.reading.engines.processor import this_processor
from hilum.training.loop.fast_arithmetic import Depthwise, use_fast_arithmetic

ONCE = this_processor().has_bfloat16
"""Else torch adds up in bfloat16 itself, and nothing is trained in it."""


def swapped(network):
    return [name for name, module in network.named_modules() if isinstance(module, Depthwise)]


def test_only_depthwise_convolutions_with_slow_gradients_change_and_no_parameter_does():
    network = PooledClassifier("mobilenet_v2", labels=2)
    before = copy.deepcopy(network.state_dict())
    use_fast_arithmetic(network)
    assert [network.get_submodule(name).in_channels for name in swapped(network)] == [96, 144, 192, 576]
    after = network.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    lite = PooledClassifier("efficientnet_lite0", labels=2)
    use_fast_arithmetic(lite)
    kernels = [lite.get_submodule(name).kernel_size[0] for name in swapped(lite)]
    assert kernels == [3, 5, 5, 3, 5, 5, 5, 5, 5, 5, 5]  # of 16: stride 1 and 3x3 is fast as it is
    resnet = PooledClassifier("resnet18", labels=2)
    use_fast_arithmetic(resnet)
    assert swapped(resnet) == []


def test_every_weight_lies_channels_last():
    network = PooledClassifier("resnet18", labels=2)
    use_fast_arithmetic(network)
    assert network.backbone.conv1.weight.is_contiguous(memory_format=torch.channels_last)


def test_without_autocast_nothing_changes_to_the_last_bit():
    plain = PooledClassifier("mobilenet_v2", labels=2).eval().to(memory_format=torch.channels_last)
    fast = copy.deepcopy(plain)
    use_fast_arithmetic(fast)
    images = torch.randn((2, 3, 64, 64), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(fast(images), plain(images))


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "size"),
    [
        (3, 2, 1, (9, 10)),
        (3, 2, 0, (9, 10)),
        (3, (2, 1), 1, (9, 10)),
        (3, (1, 2), 0, (8, 11)),
        (3, 3, 1, (10, 9)),
        (5, 1, 2, (7, 7)),
        (5, 1, (1, 0), (9, 8)),
        (5, 2, 0, (11, 12)),
        (5, 2, 2, (8, 9)),
        (7, 1, 3, (8, 9)),
        (7, 2, 1, (12, 13)),
    ],
)
def test_under_autocast_all_is_the_exact_value_rounded_once(kernel, stride, padding, size):
    check_rounded_once(size=size, kernel_size=kernel, stride=stride, padding=padding)


@pytest.mark.parametrize(
    ("kernel", "dilation", "padding", "size"),
    [
        (3, 2, 2, (14, 14)),
        (3, 2, 2, (7, 9)),
        (3, 2, 0, (9, 8)),
        (3, (1, 3), (1, 2), (8, 11)),
        (5, 2, 4, (14, 10)),
        (5, 2, 1, (11, 12)),
    ],
)
def test_so_it_is_where_the_filter_is_dilated(kernel, dilation, padding, size):
    check_rounded_once(size=size, kernel_size=kernel, dilation=dilation, padding=padding)


def check_rounded_once(*, size, **shape):
    draw = torch.Generator().manual_seed(1)
    layer = nn.Conv2d(6, 6, groups=6, **shape)
    nn.init.normal_(layer.weight, generator=draw)
    nn.init.zeros_(layer.bias)
    with torch.no_grad():  # numbers that bfloat16 holds, so that only what is computed is rounded
        layer.weight.copy_(layer.weight.bfloat16())
    layers = nn.Sequential(layer)
    use_fast_arithmetic(layers)
    assert swapped(layers) == ["0"]
    images = torch.randn((2, 6, *size), generator=draw).bfloat16().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        output = layers(images)
    upstream = torch.randn(output.shape, generator=draw).bfloat16()
    output.backward(upstream)
    weight = layer.weight.detach().double().requires_grad_()
    exact_images = images.detach().double().requires_grad_()
    sizes = {name: value for name, value in shape.items() if name != "kernel_size"}
    exact = functional.conv2d(exact_images, weight, groups=6, **sizes)
    exact.backward(upstream.double())
    assert output.dtype == torch.bfloat16
    assert torch.allclose(layer.bias.grad.double(), upstream.double().sum(dim=(0, 2, 3)), rtol=2**-7)
    largest = 1e-5 if ONCE else 2**-6 * float(exact.detach().abs().max())
    for found, wanted in ((output, exact), (images.grad, exact_images.grad), (layer.weight.grad, weight.grad)):
        # half a unit in the last of the eight bits of bfloat16, and what float32 may add
        assert torch.allclose(found.double(), wanted, rtol=1.01 * 2**-8, atol=largest)


@pytest.mark.parametrize(
    "changed",
    [{"dilation": 2}, {"kernel_size": (3, 5)}, {"kernel_size": 4}, {"padding": 3}, {"padding_mode": "reflect"}],
)
def test_other_depthwise_convolutions_stay_torchs(changed):
    layers = nn.Sequential(nn.Conv2d(6, 6, **{"kernel_size": 5, "stride": 2, "groups": 6, "padding": 1} | changed))
    use_fast_arithmetic(layers)
    assert swapped(layers) == []


def test_a_frozen_convolution_gets_no_gradient_and_a_picture_needs_none():
    layers = nn.Sequential(nn.Conv2d(6, 6, kernel_size=5, stride=2, groups=6, padding=2))
    use_fast_arithmetic(layers)
    with torch.autocast("cpu", torch.bfloat16):
        layers(torch.ones(1, 6, 8, 8)).sum().backward()
        assert layers[0].weight.grad is not None
        layers.zero_grad()
        layers.requires_grad_(False)
        images = torch.ones(1, 6, 8, 8, requires_grad=True)
        layers(images).sum().backward()
    assert layers[0].weight.grad is None
    assert images.grad is not None


def test_half_precision_other_than_bfloat16_is_torchs_own():
    layer = nn.Conv2d(6, 6, kernel_size=5, stride=2, groups=6, padding=2)
    images = torch.randn(1, 6, 8, 8, generator=torch.Generator().manual_seed(0))
    plain = copy.deepcopy(layer).to(memory_format=torch.channels_last)
    use_fast_arithmetic(nn.Sequential(layer))
    with torch.inference_mode(), torch.autocast("cpu", torch.float16):
        assert torch.equal(layer(images), plain(images))

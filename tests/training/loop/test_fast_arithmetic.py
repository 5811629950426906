import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.loop.fast_arithmetic import StridedDepthwise, use_fast_arithmetic


def swapped(network):
    return [name for name, module in network.named_modules() if isinstance(module, StridedDepthwise)]


def test_only_strided_depthwise_convolutions_change_and_no_parameter_does():
    network = PooledClassifier("mobilenet_v2", labels=2)
    before = copy.deepcopy(network.state_dict())
    use_fast_arithmetic(network)
    assert [network.get_submodule(name).in_channels for name in swapped(network)] == [96, 144, 192, 576]
    after = network.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
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


@pytest.mark.parametrize("stride", [2, (2, 1)])
def test_under_autocast_it_is_the_exact_convolution_rounded_once(stride):
    draw = torch.Generator().manual_seed(1)
    layers = nn.Sequential(nn.Conv2d(6, 6, kernel_size=3, stride=stride, padding=1, groups=6, bias=False))
    nn.init.normal_(layers[0].weight, generator=draw)
    use_fast_arithmetic(layers)
    images = torch.randn((2, 6, 9, 10), generator=draw).bfloat16().requires_grad_()
    upstream = torch.randn((2, 6, 5, 5 if stride == 2 else 10), generator=draw).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        output = layers(images)
    output.backward(upstream)
    weight = layers[0].weight.detach().double().requires_grad_()
    exact_images = images.detach().double().requires_grad_()
    exact = functional.conv2d(exact_images, weight, stride=stride, padding=1, groups=6)
    exact.backward(upstream.double())
    assert output.dtype == torch.bfloat16
    for found, wanted in ((output, exact), (images.grad, exact_images.grad)):
        # half a unit in the last of the eight bits of bfloat16, and what float32 may add
        assert torch.allclose(found.double(), wanted, rtol=1.01 * 2**-8, atol=1e-6)
    assert torch.allclose(layers[0].weight.grad.double(), weight.grad, rtol=1e-5, atol=1e-5)

"""A last stride that is taken out must leave the old cells as they were, and put new ones between them."""

import pytest
import torch
from torch import nn

from hilum.errors import UsageError
from hilum.networks.pooled_classifier import BACKBONES, PooledClassifier

ABLE = sorted(name for name, backbone in BACKBONES.items() if backbone.finer is not None)


def drawn_norms(network: nn.Module) -> None:
    """Norms as after a training: with those of a new network every picture looks alike."""
    draw = torch.Generator().manual_seed(1)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0.0, 0.1, generator=draw)
            layer.running_var.uniform_(0.5, 1.5, generator=draw)


@pytest.mark.parametrize("name", ["efficientnet_lite0", "mobilenet_v1", "mobilenet_v2", "resnet18"])
def test_every_second_cell_is_one_of_the_coarse_map(name: str) -> None:
    coarse, fine = (PooledClassifier(name, labels=2, output_stride=stride).eval() for stride in (None, 16))
    drawn_norms(coarse)
    fine.load_state_dict(coarse.state_dict())
    picture = torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        old, new = coarse.features(picture), fine.features(picture)
    assert old.shape[-2:] == (3, 3)
    assert new.shape[-2:] == (6, 6)
    first = 1 if name.startswith("efficientnet") else 0  # TensorFlow's padding begins a pixel later
    assert float(old.std()) > 0
    torch.testing.assert_close(new[..., first::2, first::2], old, rtol=1e-4, atol=1e-5)


def test_the_networks_that_can_have_a_finer_map_are_those_without_pooling_between_blocks() -> None:
    assert ABLE == [
        "efficientnet_lite0",
        "efficientnet_lite1",
        "efficientnet_lite2",
        "mobilenet_v1",
        "mobilenet_v2",
        "resnet101",
        "resnet18",
        "resnet50",
        "resnext101_32x8d",
        "resnext50_32x4d",
    ]


@pytest.mark.parametrize(("name", "stride"), [("densenet121", 16), ("mobilenet_v2", 8), ("mobilenet_v2", 32)])
def test_what_cannot_be_is_refused_with_what_can(name: str, stride: int) -> None:
    with pytest.raises(
        UsageError, match=rf"output_stride must be 16 with one of .*mobilenet_v2.* given: {stride} with {name}"
    ):
        PooledClassifier(name, labels=1, output_stride=stride)

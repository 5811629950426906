import inspect

import numpy as np
import pytest
import torch
from torch import nn

from hilum.errors import UsageError
from hilum.explain.class_maps import logit_contribution
from hilum.networks.pooled_classifier import BACKBONES, PooledClassifier, backbone_named

CONVOLUTIONAL = sorted(name for name, backbone in BACKBONES.items() if backbone.side is None)
"""The others, which take one size, are those of `test_patch_tokens.py`."""


def _input(name: str = "") -> torch.Tensor:
    """As small as the network takes."""
    size = max(64, BACKBONES[name].least) if name else 64
    return torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", CONVOLUTIONAL)
def test_every_backbone_gives_logits_that_are_the_sum_of_its_maps(name: str) -> None:
    network = PooledClassifier(name, labels=3).eval()
    nn.init.normal_(network.head.bias)
    with torch.no_grad():
        features = network.features(_input(name))
        logits, maps = network.forward_with_maps(_input(name))
        assert features.shape[1] == BACKBONES[name].channels == network.weight.shape[1]
        assert features.min() >= (-1 if name == "capsnet" else 0)
        assert features.max() > 0
        assert maps.shape == (2, 3, *features.shape[-2:])
        torch.testing.assert_close(maps.sum(dim=(-2, -1)) + network.bias, logits, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(network(_input(name)), logits)
    in_numpy = logit_contribution(features.numpy(), network.weight.detach().numpy())
    np.testing.assert_allclose(maps.numpy(), in_numpy, atol=1e-5 * np.abs(in_numpy).max())


LAST = {"resnet18": "layer4", "googlenet": "inception5b", "inception_v3": "Mixed_7c"}
"""The layer of torchvision's network that gives the map, where it is not `features`."""


@pytest.mark.parametrize(
    "name",
    ["mobilenet_v2", "squeezenet1_1", "resnet18", "densenet121", "densenet201", "alexnet", "googlenet", "inception_v3"],
)
def test_features_are_those_of_torchvision_with_the_same_weights(name: str) -> None:
    """Independent of timm: same parameter names, same map after the last ReLU, read by a hook on torchvision's."""
    import torchvision

    more = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    reference = getattr(torchvision.models, name)(weights=None, **more).eval()
    network = PooledClassifier(name, labels=3).eval()
    backbone = BACKBONES[name]
    own = network.backbone.state_dict()
    theirs = {key.removeprefix(backbone.prefix): value for key, value in reference.state_dict().items()}
    network.backbone.load_state_dict({key: theirs[key] for key in own})
    kept = []
    layer = reference.get_submodule(LAST.get(name, "features"))
    layer.register_forward_hook(lambda module, args, output: kept.append(output.clone()))
    with torch.no_grad():
        reference(_input(name))
        expected = kept[0].relu() if name.startswith("densenet") else kept[0]
        torch.testing.assert_close(network.features(_input(name)), expected, rtol=1e-4, atol=1e-5)


def test_squeezenet_without_the_relu_of_its_classifier() -> None:
    """Dropped: with it a logit could not be negative, and would be no sum over cells."""
    import torchvision

    network = PooledClassifier("squeezenet1_1", labels=4).eval()
    reference = torchvision.models.squeezenet1_1(num_classes=4).eval()
    reference.features.load_state_dict(network.backbone.state_dict())
    convolution = reference.classifier[1]
    with torch.no_grad():
        nn.init.normal_(network.head.weight)
        convolution.weight.copy_(network.weight[:, :, None, None])
        convolution.bias.zero_()
        before_relu = convolution(reference.features(_input())).mean(dim=(-2, -1))
        logits = network(_input())
        torch.testing.assert_close(logits, before_relu, rtol=1e-4, atol=1e-5)
        assert (logits < 0).any()
        assert (reference(_input()) >= 0).all()


@pytest.mark.parametrize("name", ["densenet121", "densenet169", "densenet201"])
def test_nothing_changes_the_map_after_it_was_taken(name: str) -> None:
    """Trap 22: an in-place ReLU after the last norm overwrites what a hook before it stored."""
    network = PooledClassifier(name, labels=2).eval()
    last = network.backbone.get_submodule("features.norm5")
    nn.init.normal_(last.bias)
    before_relu: list[torch.Tensor] = []
    last.drop.register_forward_hook(lambda module, args, output: before_relu.append(output))
    after: list[torch.Tensor] = []
    network.backbone.register_forward_hook(lambda module, args, output: after.append(output))
    with torch.no_grad():
        network.forward_with_maps(_input())
        assert (before_relu[0] < 0).any()
        torch.testing.assert_close(before_relu[0].relu(), after[0])
        torch.testing.assert_close(network.features(_input()), after[0])


def test_dropout_acts_in_training_only_and_not_on_maps() -> None:
    network = PooledClassifier("squeezenet1_1", labels=2, dropout=0.5)
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(0)
        first, second = network.forward_with_maps(_input()), network.forward_with_maps(_input())
        assert not torch.equal(first[0], second[0])
        torch.testing.assert_close(first[1], second[1])
        network.eval()
        torch.testing.assert_close(network(_input()), network(_input()))


def test_one_loss_reaches_every_parameter() -> None:
    network = PooledClassifier("resnet18", labels=2)
    network(_input()).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in network.parameters())
    assert network.bias.grad is not None


def test_the_head_starts_at_zero_bias_and_is_what_weight_and_bias_show() -> None:
    network = PooledClassifier("squeezenet1_1", labels=5)
    assert not network.bias.any()
    assert network.weight is network.head.weight
    assert network.weight.shape == (5, 512)
    assert "head.weight" in network.state_dict()


def test_every_setting_but_the_backbone_is_by_keyword() -> None:
    parameters = inspect.signature(PooledClassifier).parameters
    assert [p.name for p in parameters.values() if p.kind is p.KEYWORD_ONLY] == [
        "labels",
        "dropout",
        "channels",
        "output_stride",
    ]


@pytest.mark.parametrize(("labels", "dropout"), [(0, 0.0), (1, 1.0), (1, -0.1)])
def test_values_out_of_range_are_refused(labels: int, dropout: float) -> None:
    with pytest.raises(UsageError, match="at least one label"):
        PooledClassifier("resnet18", labels=labels, dropout=dropout)


def test_an_unknown_backbone_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"Unknown backbone 'lenet'.*densenet121"):
        PooledClassifier("lenet", labels=1)


def test_a_network_takes_pictures_as_small_as_it_says_and_none_smaller() -> None:
    for name, least in [(name, BACKBONES[name].least) for name in CONVOLUTIONAL if BACKBONES[name].least > 1]:
        network = PooledClassifier(name, labels=1).eval()
        with torch.no_grad():
            assert network(torch.zeros(1, 3, least, least)).shape == (1, 1)
            with pytest.raises(RuntimeError):
                network(torch.zeros(1, 3, least - 1, least - 1))


@pytest.mark.parametrize("name", CONVOLUTIONAL)
def test_the_input_may_have_one_channel(name: str) -> None:
    network = PooledClassifier(name, labels=2, channels=1).eval()
    with torch.no_grad():
        logits = network(_input(name)[:, :1])
    assert logits.shape == (2, 2)
    three = sum(parameter.numel() for parameter in PooledClassifier(name, labels=2).parameters())
    first = next(layer for layer in network.backbone.modules() if isinstance(layer, nn.Conv2d))
    assert three - sum(parameter.numel() for parameter in network.parameters()) == 2 * first.weight.numel()


def test_no_channel_is_refused() -> None:
    with pytest.raises(UsageError, match="at least one channel"):
        PooledClassifier("resnet18", labels=1, channels=0)


@pytest.mark.parametrize(
    ("name", "channels"), [("convnext_atto", 320), ("mobilenetv3_small_050", 1024), ("resnet10t.c3_in1k", 512)]
)
def test_any_network_of_timm_s_that_ends_in_a_map_is_a_backbone(name: str, channels: int) -> None:
    network = PooledClassifier(name, labels=3).eval()
    with torch.no_grad():
        features = network.features(_input())
        logits, maps = network.forward_with_maps(_input())
    assert features.shape == (2, channels, 2, 2)
    torch.testing.assert_close(maps.sum(dim=(-2, -1)) + network.bias, logits, rtol=1e-4, atol=1e-5)


def test_its_row_names_the_weights_of_the_tag_that_is_asked_for() -> None:
    assert backbone_named("resnet10t.c3_in1k").timm_name == "resnet10t.c3_in1k"
    assert backbone_named("resnet10t").timm_name == "resnet10t.c3_in1k"
    assert backbone_named("resnet50").timm_name == "resnet50.tv_in1k", "hilum's own row comes first"
    assert backbone_named("nfnet_f0").timm_name is None
    assert backbone_named("maxvit_nano_rw_256").side == 256


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resnet51", "Unknown backbone 'resnet51'.* a name of timm's, or one of"),
        ("resnet10t.nobody", "Unknown backbone 'resnet10t.nobody'"),
        ("vit_tiny_patch16_224", "'vit_tiny_patch16_224' does not end in a map"),
        ("swin_tiny_patch4_window7_224", "does not end in a map"),
    ],
)
def test_what_is_none_or_ends_in_no_map_is_refused(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        PooledClassifier(name, labels=2)

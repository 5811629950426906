"""What hooks take of a network, against autograd on the network itself and the `grad-cam` library."""

import copy
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from hilum.errors import UsageError
from hilum.explain.class_maps import grad_cam
from hilum.networks.layer_maps import before_last_relu, finer_layer, layer_cam, layer_map
from hilum.networks.pooled_classifier import PooledClassifier


@cache
def network(name: str) -> PooledClassifier:
    """Random weights, with statistics as after some training."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        made = PooledClassifier(name, labels=3).eval()
        for module in made.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.running_mean, 0.0, 0.1)
                nn.init.uniform_(module.running_var, 0.5, 2.0)
                nn.init.normal_(module.bias, 0.0, 0.1)
        nn.init.normal_(made.head.weight, 0.0, 0.2)
    return made


def picture() -> torch.Tensor:
    return torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("name", ["densenet121", "resnet18", "squeezenet1_1"])
def test_layer_cam_of_a_finer_layer_agrees_with_the_library(name: str) -> None:
    from pytorch_grad_cam import LayerCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    own = network(name)
    layer = finer_layer(own, picture())
    assert layer is not None
    found = layer_map(own, picture(), column=1, layer=layer)
    with torch.no_grad():
        last = own.features(picture())
    assert found.activation.shape[-1] > last.shape[-1]
    assert found.activation.min() >= 0
    cam = LayerCAM(model=own, target_layers=[own.backbone.get_submodule(layer)])
    cam(input_tensor=picture(), targets=[ClassifierOutputTarget(1)])
    (activations,), (gradients,) = cam.activations_and_grads.activations, cam.activations_and_grads.gradients
    raw = cam.get_cam_image(None, None, None, activations.numpy(), gradients.numpy(), False)[0]
    ours = layer_cam(found).numpy()
    np.testing.assert_allclose(ours, np.maximum(raw, 0), atol=1e-4 * raw.max())
    assert ours.max() > 0


def test_layer_cam_of_the_last_map_has_a_closed_form() -> None:
    """The gradient is w / n everywhere, so its positive part weighs the channels."""
    own = network("squeezenet1_1")
    with torch.no_grad():
        features = own.features(picture()).numpy()[0]
    last = [name for name, _ in own.backbone.named_children()][-1]
    expected = layer_cam(layer_map(own, picture(), column=2, layer=last)).numpy()
    closed = grad_cam(features, np.maximum(own.weight.detach().numpy(), 0))[2]
    np.testing.assert_allclose(closed, expected, rtol=1e-4, atol=1e-7)


def test_before_a_densenets_last_relu_stands_what_the_relu_makes_the_features_of() -> None:
    own = network("densenet121")
    before = before_last_relu(own, picture())
    assert before is not None
    assert before.min() < 0
    with torch.no_grad():
        torch.testing.assert_close(before.relu(), own.features(picture()))
    assert before_last_relu(network("resnet18"), picture()) is None


def test_no_hook_and_no_gradient_stays_behind() -> None:
    own = copy.deepcopy(network("resnet18"))
    own.zero_grad()
    layer_map(own, picture(), column=0, layer="layer3")
    finer_layer(own, picture())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in own.modules())
    assert all(parameter.grad is None for parameter in own.parameters())
    with pytest.raises(UsageError, match="resnet18 has no layer 'layer9'"):
        layer_map(own, picture(), column=0, layer="layer9")

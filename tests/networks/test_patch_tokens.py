"""Transformers as extractors: their map, their class maps in closed form, and their graphs."""

import logging

import numpy as np
import onnxruntime
import pytest
import torch

from fabricate_foundations import EVA_BASE, EVA_SMALL, SWIN, VIT
from hilum.errors import UsageError
from hilum.networks.foundations import FOUNDATIONS
from hilum.networks.pooled_classifier import BACKBONES, Backbone, PooledClassifier
from hilum.training.export.to_onnx import classifier_to_onnx, noise

SHAPES = {"eva small": EVA_SMALL, "eva base": EVA_BASE, "vit": VIT, "swin": SWIN}


@pytest.fixture(params=list(SHAPES))
def network(request, monkeypatch):
    shape = SHAPES[request.param]
    monkeypatch.setitem(BACKBONES, "small", Backbone(shape.build, shape.channels, "", None, None, side=shape.side))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = PooledClassifier("small", labels=3).eval()
        torch.nn.init.normal_(made.head.bias)
    return made


def picture(network):
    side = BACKBONES["small"].side
    return torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(1))


def test_the_maps_are_what_autograd_says_of_each_patch(network):
    """The logit is linear in the tokens, so that gradient times token, summed over channels, is a patch's share."""
    features = network.features(picture(network)).detach().requires_grad_()
    logits = network.head(features.mean(dim=(-2, -1)))
    with torch.no_grad():
        given, maps = network.forward_with_maps(picture(network))
    torch.testing.assert_close(given, logits.detach())
    torch.testing.assert_close(maps.sum(dim=(-2, -1)) + network.bias, given, rtol=1e-4, atol=1e-5)
    for label in range(3):
        (gradient,) = torch.autograd.grad(logits[:, label].sum(), features, retain_graph=True)
        torch.testing.assert_close(maps[:, label], (gradient * features).sum(1).detach(), rtol=1e-4, atol=1e-6)


def test_the_map_stands_as_the_picture_does(network):
    """Where nothing but a corner changes, that corner's patch changes most."""
    x = picture(network)
    changed = x.clone()
    changed[:, :, :8, -8:] += 3
    with torch.no_grad():
        moved = (network.features(changed) - network.features(x)).abs().sum((0, 1))
    assert divmod(int(moved.argmax()), moved.shape[1]) == (0, moved.shape[1] - 1)


@pytest.mark.slow
def test_the_graph_gives_torchs_logits_and_maps(network, caplog):
    side = BACKBONES["small"].side
    session = onnxruntime.InferenceSession(
        classifier_to_onnx(network, example=noise(3, side, side)), providers=["CPUExecutionProvider"]
    )
    said = [record for record in caplog.records if record.levelno >= logging.INFO]
    assert not said, "nothing is said of nodes that stay as they are"
    logits, maps = session.run(["logits", "class_maps"], {"input": picture(network).numpy()[:1]})
    with torch.inference_mode():
        wanted = network.forward_with_maps(picture(network)[:1])
    np.testing.assert_allclose(logits, wanted[0].numpy(), atol=1e-4)
    np.testing.assert_allclose(maps, wanted[1].numpy(), atol=1e-4)


def test_another_size_is_refused(network):
    side = BACKBONES["small"].side
    with pytest.raises(UsageError, match=rf"{side} x {side} pixels; given: 32 x 40\. Change"):
        network(torch.zeros(1, 3, 32, 40))


@pytest.mark.parametrize(
    ("name", "millions", "channels"),
    [
        ("eva_x_tiny", 6, 192),
        ("eva_x_small", 22, 384),
        ("eva_x_base", 86, 768),
        ("rad_dino", 87, 768),
        ("ark_swin_base", 87, 1024),
        ("ark_plus_swin_large", 195, 1536),
    ],
)
def test_the_published_shapes_have_the_published_numbers_of_parameters(name, millions, channels):
    shape = FOUNDATIONS[name].shape
    with torch.device("meta"):
        built = shape.build()
    assert round(sum(parameter.numel() for parameter in built.parameters()) / 1e6) == millions
    assert (shape.channels, BACKBONES[name].channels) == (channels, channels)

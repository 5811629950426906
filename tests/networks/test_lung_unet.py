"""Both U-Nets: shapes, and encoders that compute what their backbones compute."""

import pytest
import torch
from safetensors.torch import save_file

from hilum.networks.lung_unet import ENCODERS, PlainLungUNet, SlimLungUNet, load_encoder
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import WeightsFile


def test_logits_have_the_size_of_the_picture():
    with torch.inference_mode():
        for encoder in ENCODERS:
            network = SlimLungUNet(planes=5, encoder=encoder).eval()
            assert network(torch.zeros(2, 3, 64, 96)).shape == (2, 5, 64, 96)
        assert PlainLungUNet(planes=2, widest=16).eval()(torch.zeros(1, 1, 32, 48)).shape == (1, 2, 32, 48)


def test_the_papers_network_has_its_channels():
    convolutions = [m.out_channels for m in PlainLungUNet(planes=2).down.modules() if isinstance(m, torch.nn.Conv2d)]
    assert convolutions == [32, 32, 64, 64, 128, 128, 256, 256, 512, 512]


@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_encoder_computes_its_backbones_features(encoder, tmp_path):
    classifier = PooledClassifier(encoder, labels=1)
    save_file(classifier.state_dict(), tmp_path / "weights.safetensors")
    donor = classifier.backbone.eval()
    network = SlimLungUNet(planes=2, encoder=encoder).eval()
    line = load_encoder(network, weights=WeightsFile(tmp_path / "weights.safetensors"))
    assert line.startswith(f"{encoder}: weights.safetensors (sha256 ")
    x = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        expected = donor[: ENCODERS[encoder].blocks](x)
        for block in network.encoder:
            x = block(x)
    assert torch.equal(x, expected)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_each_skip_halves_the_picture_once_more_and_has_its_channels(encoder):
    shape = ENCODERS[encoder]
    network = SlimLungUNet(planes=1, encoder=encoder).eval()
    x, maps = torch.zeros(1, 3, 64, 64), []
    with torch.inference_mode():
        for index, block in enumerate(network.encoder):
            x = block(x)
            if index in shape.skips:
                maps.append(tuple(x.shape[1:]))
    assert maps == [(channels, 32 >> level, 32 >> level) for level, channels in enumerate(shape.channels[1:])]
    assert len(network.encoder) == shape.skips[-1] + 1

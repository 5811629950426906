"""Both U-Nets: shapes, and an encoder that computes what MobileNetV2 computes."""

import torch
from safetensors.torch import save_file

from hilum.networks.lung_unet import ENCODER_BLOCKS, MobileLungUNet, PlainLungUNet, load_encoder
from hilum.networks.pooled_classifier import BACKBONES
from hilum.networks.starting_weights import WeightsFile


def test_logits_have_the_size_of_the_picture():
    with torch.inference_mode():
        assert MobileLungUNet(planes=5).eval()(torch.zeros(2, 3, 64, 96)).shape == (2, 5, 64, 96)
        assert PlainLungUNet(planes=2, widest=16).eval()(torch.zeros(1, 1, 32, 48)).shape == (1, 2, 32, 48)


def test_the_papers_network_has_its_channels():
    convolutions = [m.out_channels for m in PlainLungUNet(planes=2).down.modules() if isinstance(m, torch.nn.Conv2d)]
    assert convolutions == [32, 32, 64, 64, 128, 128, 256, 256, 512, 512]


def test_the_encoder_computes_mobilenets_features(tmp_path):
    donor = BACKBONES["mobilenet_v2"].build().eval()
    state = {f"features.{name}": value for name, value in donor.state_dict().items()}
    save_file(state, tmp_path / "weights.safetensors")
    network = MobileLungUNet(planes=2).eval()
    line = load_encoder(network, weights=WeightsFile(tmp_path / "weights.safetensors"))
    assert line.startswith("mobilenet_v2: weights.safetensors (sha256 ")
    x = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        expected = donor[:ENCODER_BLOCKS](x)
        for block in network.encoder:
            x = block(x)
    assert torch.equal(x, expected)

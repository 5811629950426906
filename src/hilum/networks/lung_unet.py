"""Two U-Nets that draw the lungs: a slim one on a small network's first blocks, and the plain one of Liu et al. 2019.

Both give logits (N, S, H, W) of S planes, such as the patient's right lung, which stands on the left of the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder  # type: ignore[import-untyped]
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (the name that every torch user reads)

from hilum.networks.pooled_classifier import BACKBONES, PooledClassifier
from hilum.networks.starting_weights import StartingWeights, load_starting_weights

Encoder = Literal["mobilenet_v2", "efficientnet_lite0"]


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """How many of a backbone's `blocks` stay, those that hand their map to the decoder (`skips`), and its `channels`.

    The skips stand at strides 2, 4, 8, 16 and 32; the channels are those of the input and then of each skip.
    """

    blocks: int
    skips: tuple[int, ...]
    channels: tuple[int, ...]


ENCODERS: Mapping[Encoder, EncoderShape] = {
    "mobilenet_v2": EncoderShape(15, (1, 3, 6, 13, 14), (3, 16, 24, 32, 96, 160)),
    "efficientnet_lite0": EncoderShape(14, (1, 3, 5, 11, 13), (3, 16, 24, 40, 112, 192)),
}
"""Of MobileNetV2's 19 blocks the last four (160, 160, 320 and 1,280 channels) are left out: they hold more than two
thirds of its weights and see hardly more of the picture than the 160 channels before them. So are Lite0's last four."""

_DECODER_CHANNELS = (64, 32, 24, 16)
_PLAIN_CHANNELS = (32, 64, 128, 256, 512)


class SlimLungUNet(nn.Module):
    """A small network's first blocks, and segmentation-models-pytorch's U-Net decoder, slim, up to half resolution.

    Input (N, 3, H, W), sides divisible by 32. The logits are made at half resolution and enlarged bilinearly: lungs
    have smooth outlines, and the last decoder step would cost about as much as all before it. Weights are random;
    `load_encoder` puts ImageNet's in.
    """

    def __init__(self, *, planes: int, encoder: Encoder = "mobilenet_v2") -> None:
        super().__init__()
        self.encoder_name: Encoder = encoder
        shape = ENCODERS[encoder]
        self._skips = shape.skips
        self.encoder = nn.ModuleList(list(BACKBONES[encoder].build().children())[: shape.blocks])
        self.decoder = UnetDecoder(
            encoder_channels=shape.channels, decoder_channels=_DECODER_CHANNELS, n_blocks=len(_DECODER_CHANNELS)
        )
        self.head = nn.Conv2d(_DECODER_CHANNELS[-1], planes, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, S, H, W) of a normalised input (N, 3, H, W)."""
        skips = []
        for index, block in enumerate(self.encoder):
            x = block(x)
            if index in self._skips:
                skips.append(x)
        x = skips.pop()
        for block, skip in zip(self.decoder.blocks, reversed(skips), strict=True):
            x = block(x, skip.shape[-2], skip.shape[-1], skip_connection=skip)
        logits: Tensor = F.interpolate(self.head(x), scale_factor=2.0, mode="bilinear", align_corners=False)
        return logits


def load_encoder(network: SlimLungUNet, *, weights: StartingWeights) -> str:
    """Put the first blocks of its backbone's weights into the encoder, and say in one line for the card what they are.

    Raises what `load_starting_weights` raises; the network is then unchanged.
    """
    donor = PooledClassifier(network.encoder_name, labels=1)
    line = load_starting_weights(donor, weights=weights)
    wanted = network.encoder.state_dict()
    network.encoder.load_state_dict(
        {name: value for name, value in donor.backbone.state_dict().items() if name in wanted}
    )
    return line


class PlainLungUNet(nn.Module):
    """Liu et al. 2019's U-Net (Pazhitnykh and Petsiuk 2019): five levels of two 3x3 convolutions, 32 to 512 channels.

    Input (N, 1, H, W), sides divisible by 16. `widest` sets the channels of the lowest level, each level above has
    half; the paper's is 512. Weights are random, as in the paper.
    """

    def __init__(self, *, planes: int, widest: int = _PLAIN_CHANNELS[-1]) -> None:
        super().__init__()
        channels = [widest * level // _PLAIN_CHANNELS[-1] for level in _PLAIN_CHANNELS]
        self.down = nn.ModuleList(_two_convolutions(a, b) for a, b in zip((1, *channels[:-1]), channels, strict=True))
        pairs = list(zip(channels[:0:-1], channels[-2::-1], strict=True))
        self.enlarge = nn.ModuleList(nn.ConvTranspose2d(a, b, kernel_size=2, stride=2) for a, b in pairs)
        self.up = nn.ModuleList(_two_convolutions(2 * b, b) for _, b in pairs)
        self.head = nn.Conv2d(channels[0], planes, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, S, H, W) of a normalised input (N, 1, H, W)."""
        skips = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else F.max_pool2d(x, 2))
            skips.append(x)
        for enlarge, block, skip in zip(self.enlarge, self.up, reversed(skips[:-1]), strict=True):
            x = block(torch.cat((enlarge(x), skip), dim=1))
        logits: Tensor = self.head(x)
        return logits


def _two_convolutions(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.Conv2d(channels_out, channels_out, kernel_size=3, padding=1),
        nn.ReLU(),
    )

"""`--weights`: which starting weights a training command means."""

from __future__ import annotations

from pathlib import Path

from hilum.bundle.load import CARD_NAME
from hilum.networks.starting_weights import (
    BundleWeights,
    RandomWeights,
    StartingWeights,
    TimmImageNet,
    TorchxrayvisionWeights,
    WeightsFile,
)

DOWNLOADS = Path("weights")
"""Where files are looked for and fetched to, in the folder that the command runs in."""

_TORCHXRAYVISION = "torchxrayvision/"


def starting_weights(named: str) -> StartingWeights:
    """What `--weights` names.

    `random`, `imagenet` (timm's), `torchxrayvision/NAME`, the folder of a bundle, or the path of a safetensors file
    with torchvision's names.
    """
    if named == "random":
        return RandomWeights()
    if named == "imagenet":
        return TimmImageNet(DOWNLOADS)
    if (Path(named) / CARD_NAME).is_file():
        return BundleWeights(Path(named))
    if named.startswith(_TORCHXRAYVISION):
        return TorchxrayvisionWeights(named.removeprefix(_TORCHXRAYVISION), DOWNLOADS)
    return WeightsFile(Path(named))

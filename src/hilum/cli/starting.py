"""`--weights`: which starting weights a training command means."""

from __future__ import annotations

from pathlib import Path

from hilum.networks.starting_weights import RandomWeights, StartingWeights, TimmImageNet, WeightsFile


def starting_weights(named: str) -> StartingWeights:
    """`random`, `imagenet` (timm's), or the path of a safetensors file with torchvision's names."""
    if named == "random":
        return RandomWeights()
    if named == "imagenet":
        return TimmImageNet(Path("weights"))
    return WeightsFile(Path(named))

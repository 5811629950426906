"""torchxrayvision's weights as a bundle: the same network, the same labels in the same order, read without torch.

Their operating points are not taken over: they were chosen on outputs that had passed two sigmoids. So the bundle
gives the network's own sigmoid, uncalibrated, and decides nothing.
"""

from __future__ import annotations

from pathlib import Path

import safetensors.torch
import torch

from hilum.bundle.card import GRAPH
from hilum.errors import DataError
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.bundle_weights import WEIGHTS
from hilum.networks.fetch import sha256_of
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.torchxrayvision_weights import (
    BACKBONE,
    SIZE,
    ReleasedWeights,
    read_torchxrayvision,
    released_weights,
)
from hilum.training.export.imported_bundle import Imported, Network, Origin, check_folder, write_imported
from hilum.training.export.load_whole import load_whole
from hilum.training.export.to_onnx import classifier_to_onnx, example_of

HALF_RANGE = 1024.0
"""Their pixels run from -1024 to 1024."""

SPEC = PreprocessSpec(
    steps=(Resize(height=SIZE, width=SIZE, rule="cover", filter="bilinear"),),
    mean=(0.5,),
    std=(0.5 / HALF_RANGE,),
)
"""The middle square of the image, resized: their `XRayCenterCrop`, then the resize that their networks do themselves.

Of a square image the pixels are theirs to 1e-5 of the range. Of another one, ours at the cut see the pixels beyond it,
and where the sides differ by an odd number, theirs are cut half a pixel beside the middle."""

_NO_POINT = "none: torchxrayvision's were chosen on outputs of two sigmoids and are not taken over"


def import_torchxrayvision(name: str, *, weights: Path, folder: Path, command: str, replace: bool = False) -> Imported:
    """Make a bundle in `folder` of the file `weights`, which torchxrayvision releases as `name`.

    `command` goes to the card. Raises `UsageError` for a name that is not released, `DataError` where the file is
    missing, damaged or of another network, `BundleError` where `folder` exists and `replace` is not set, and
    `EngineError` where the exported graph does not give the network's logits to 1e-4, relative to the largest above 1.
    """
    released = released_weights(name)
    check_folder(folder, replace=replace)
    sha256 = sha256_of(weights)  # before anything of the file is read
    network = torchxrayvision_network(released, weights=weights)
    graph = classifier_to_onnx(network, example=example_of(SPEC) * HALF_RANGE)
    tensors = {key: tensor.contiguous() for key, tensor in network.state_dict().items()}
    return write_imported(
        _origin(released, sha256=sha256),
        network=Network(
            architecture=BACKBONE,
            arguments={"labels": len(released.labels), "channels": 1},
            labels=released.labels,
            preprocess=SPEC,
            has_maps=True,
        ),
        files={GRAPH: graph, WEIGHTS: safetensors.torch.save(tensors)},
        folder=folder,
        command=command,
        replace=replace,
    )


def bundle_name(name: str) -> str:
    """What the bundle of torchxrayvision's weights `name` is called: `torchxrayvision-densenet121-res224-all`."""
    return f"torchxrayvision-{name}".replace("_", "-")


def torchxrayvision_network(released: ReleasedWeights, *, weights: Path) -> PooledClassifier:
    """Their network in evaluation mode, with the outputs that were trained, in their order."""
    state = read_torchxrayvision(weights)
    trained = [index for index, label in enumerate(released.outputs) if label]
    network = PooledClassifier(BACKBONE, labels=len(trained), channels=1)
    own: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        if name.startswith("classifier."):
            if len(tensor) != len(released.outputs):
                raise DataError(
                    f"{weights} has {len(tensor)} outputs where {len(released.outputs)} are needed. Give a "
                    "file that fits its name"
                )
            own[name.replace("classifier", "head", 1)] = tensor[trained]
        else:
            own[f"backbone.{name}"] = tensor
    load_whole(network, own, title=f"torchxrayvision's {BACKBONE}", path=weights)
    return network.eval()


def _origin(released: ReleasedWeights, *, sha256: str) -> Origin:
    return Origin(
        name=bundle_name(released.name),
        title=f"Chest findings by torchxrayvision {released.name}",
        authors="the authors of torchxrayvision",
        data=released.data,
        source=released.url,
        cited="Cohen et al. 2022, arXiv:2111.00595",
        sha256=sha256,
        known=released.sha256,
        no_point=_NO_POINT,
        limits=_LIMITS,
        licence=(
            "torchxrayvision's LICENSE names Apache-2.0 for its models; the data sets that they were trained on keep "
            "their own terms."
        ),
    )


_LIMITS = (
    "Only the middle square of the image is read: what lies outside, such as an angle of a wide chest, is not seen.",
    "Larger images are resized as torchxrayvision's networks do it; its XRayResizer smooths more and gives other "
    "probabilities.",
)

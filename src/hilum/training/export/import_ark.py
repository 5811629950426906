"""Ark's classifiers as bundles: Swin, the mean of its last tokens, a projector, and one linear head a data set.

A linear projector and a head are one linear layer together: such a bundle is a `PooledClassifier` with exact heatmaps,
and training can go on from it. A projector of two layers is not: heatmaps are then made by occlusion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from hilum.bundle.card import GRAPH
from hilum.datasets.releases.chestxray14 import OWN_ORDER as CHESTXRAY14
from hilum.datasets.releases.chexpert import COLUMNS as CHEXPERT
from hilum.errors import DataError, UsageError
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.bundle_weights import WEIGHTS
from hilum.networks.fetch import sha256_of
from hilum.networks.foundations import FOUNDATIONS, Foundation
from hilum.networks.pooled_classifier import BACKBONES, PooledClassifier
from hilum.networks.pooled_tail import PooledTail
from hilum.networks.transformer_weights import ark_backbone
from hilum.networks.weight_files import read_weights
from hilum.reading.engines.engine import INPUT, LOGITS
from hilum.training.export.imported_bundle import Imported, Network, Origin, check_folder, write_imported
from hilum.training.export.load_whole import load_whole
from hilum.training.export.to_onnx import classifier_to_onnx, example_of, to_onnx


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One of the heads: its place among them, its labels in order, and the data that it was trained on."""

    place: int
    labels: tuple[str, ...]
    data: str


HEADS: Mapping[str, Head] = {
    "mimic": Head(place=0, labels=CHEXPERT, data="MIMIC-CXR (Johnson et al. 2019)"),
    "chexpert": Head(place=1, labels=CHEXPERT, data="CheXpert (Irvin et al. 2019)"),
    "chestxray14": Head(place=2, labels=CHESTXRAY14, data="ChestX-ray14 (Wang et al. 2017)"),
    "shenzhen": Head(place=5, labels=("Tuberculosis",), data="Shenzhen Hospital X-ray set (Jaeger et al. 2014)"),
}
"""Those of the six that hilum can name: RSNA's is a softmax of three classes, VinDr-CXR's first label is unclear."""

NAMES = {"base": "ark_swin_base", "large": "ark_plus_swin_large"}
"""What the sizes are called here, and their foundations: Ark-6's Swin-Base and Ark+'s Swin-Large of 768 pixels."""

_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

_Classifier = PooledClassifier | PooledTail


def import_ark(size: str, *, head: str, weights: Path, folder: Path, command: str, replace: bool = False) -> Imported:
    """Make a bundle in `folder` of one `head` of Ark's file `weights` of this size.

    `command` goes to the card. Raises `UsageError` for a size or head that is none, `DataError` where the file is
    missing, damaged or of another network, `BundleError` where `folder` exists and `replace` is not set, and
    `EngineError` where the exported graph does not give the network's logits.
    """
    if size not in NAMES or head not in HEADS:
        raise UsageError(
            f"Unknown size {size!r} or head {head!r} of Ark. Sizes: {', '.join(NAMES)}. Heads: {', '.join(HEADS)}"
        )
    check_folder(folder, replace=replace)
    sha256 = sha256_of(weights)
    network = ark_network(NAMES[size], head=HEADS[head], tensors=read_weights(weights), path=weights)
    spec = ark_spec(FOUNDATIONS[NAMES[size]])
    has_maps = isinstance(network, PooledClassifier)
    return write_imported(
        _origin(size, head=head, sha256=sha256, has_maps=has_maps),
        network=Network(
            architecture=NAMES[size] if has_maps else f"{NAMES[size]}, two layers after pooling",
            arguments={"labels": len(HEADS[head].labels)},
            labels=HEADS[head].labels,
            preprocess=spec,
            has_maps=has_maps,
        ),
        files=_files(network, spec=spec),
        folder=folder,
        command=command,
        replace=replace,
    )


def bundle_name(size: str, *, head: str) -> str:
    """What the bundle is called: `ark-large-chestxray14`."""
    return f"ark-{size}-{head}"


def ark_spec(foundation: Foundation) -> PreprocessSpec:
    """As their predictions are made: the whole image stretched, bicubic, and ImageNet's mean and deviation."""
    side = foundation.shape.side
    step = Resize(height=side, width=side, rule="stretch", filter="bicubic")
    return PreprocessSpec(steps=(step,), mean=_IMAGENET_MEAN, std=_IMAGENET_STD)


def ark_network(name: str, *, head: Head, tensors: Mapping[str, Tensor], path: Path) -> _Classifier:
    """One head's classifier in evaluation mode; `path` is named where the file does not fit."""
    title = FOUNDATIONS[name].title
    last = [tensors.get(f"omni_heads.{head.place}.{kind}") for kind in ("weight", "bias")]
    weight, bias = last
    if weight is None or bias is None or len(weight) != len(head.labels):
        raise DataError(
            f"{path} lacks the head number {head.place} of {title} with {len(head.labels)} outputs. A file without "
            "heads is a start for training: hilum train --weights"
        )
    state = {f"backbone.features.{key}": tensor for key, tensor in ark_backbone(tensors).items()}
    network: _Classifier
    if "projector.0.weight" in tensors:
        network = _with_two_layers(name, tensors=tensors, labels=len(weight))
        state |= {f"tail.{key.removeprefix('projector.')}": tensors[key] for key in tensors if "projector." in key}
    else:
        network = PooledClassifier(name, labels=len(weight))
        weight, bias = _one_layer(tensors, weight=weight, bias=bias, path=path)
    load_whole(network, {**state, "head.weight": weight, "head.bias": bias}, title=title, path=path)
    return network.eval()


def _one_layer(tensors: Mapping[str, Tensor], *, weight: Tensor, bias: Tensor, path: Path) -> tuple[Tensor, Tensor]:
    """Head after projector: `W (P x + p) + b`, multiplied out in float64."""
    if "projector.weight" not in tensors:
        return weight, bias
    projector, offset = tensors["projector.weight"].double(), tensors["projector.bias"].double()
    if projector.shape[0] != weight.shape[1]:
        raise DataError(
            f"The head in {path} takes {weight.shape[1]} features, and the projector gives {projector.shape[0]}. Give "
            "a file in which they fit"
        )
    joined = weight.double() @ projector, weight.double() @ offset + bias.double()
    return joined[0].float(), joined[1].float()


def _with_two_layers(name: str, *, tensors: Mapping[str, Tensor], labels: int) -> PooledTail:
    features, channels = len(tensors["projector.0.weight"]), BACKBONES[name].channels
    tail = nn.Sequential(nn.Linear(channels, features), nn.ReLU(), nn.Linear(features, features))
    return PooledTail(BACKBONES[name].build(), tail=tail, head=nn.Linear(features, labels))


def _files(network: _Classifier, *, spec: PreprocessSpec) -> dict[str, bytes]:
    example = example_of(spec)
    if isinstance(network, PooledTail):
        return {GRAPH: to_onnx(network, examples={INPUT: example}, outputs=(LOGITS,))}
    graph = classifier_to_onnx(network, example=example)
    tensors: dict[str, torch.Tensor] = {key: tensor.contiguous() for key, tensor in network.state_dict().items()}
    return {GRAPH: graph, WEIGHTS: safetensors.torch.save(tensors)}


def _origin(size: str, *, head: str, sha256: str, has_maps: bool) -> Origin:
    foundation = FOUNDATIONS[NAMES[size]]
    no_maps = (
        "Heatmaps are made by occlusion, by many passes of the network: two layers follow the pooling, so that no "
        "exact map can be had."
    )
    return Origin(
        name=bundle_name(size, head=head),
        title=f"Chest findings by {foundation.title}, head {head}",
        authors="the authors of Ark",
        data=(
            "six collections at once: MIMIC-CXR, CheXpert, ChestX-ray14, RSNA Pneumonia, VinDr-CXR, Shenzhen",
            f"this head: {HEADS[head].data}",
        ),
        source=foundation.where,
        cited=foundation.cited,
        sha256=sha256,
        known=None,
        no_point="none: Ark publishes none",
        limits=(
            *(() if has_maps else (no_maps,)),
            "The whole image is stretched to a square.",
            "Not tried by hilum's makers on the released file: they had a file of its layout with random weights.",
        ),
        licence=f"{foundation.title}'s weights are {foundation.licence}; the data sets keep their own terms.",
    )

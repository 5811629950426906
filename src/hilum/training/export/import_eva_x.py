"""EVA-X's ChestX-ray14 classifiers as bundles: the mean of the patch tokens, a norm, a linear layer.

The norm after the pooling makes a logit no sum over the patches: heatmaps are made by occlusion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from hilum.bundle.card import GRAPH
from hilum.datasets.releases.chestxray14 import OWN_ORDER as LABELS
from hilum.errors import DataError, UsageError
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.fetch import sha256_of
from hilum.networks.foundations import EVA_X, FOUNDATIONS, Foundation
from hilum.networks.patch_tokens import EvaShape
from hilum.networks.pooled_tail import PooledTail
from hilum.networks.transformer_weights import eva_x_backbone
from hilum.networks.weight_files import read_weights
from hilum.reading.engines.engine import INPUT, LOGITS
from hilum.training.export.imported_bundle import Imported, Network, Origin, check_folder, write_imported
from hilum.training.export.load_whole import load_whole
from hilum.training.export.to_onnx import example_of, to_onnx

SIZES = {"tiny": "eva_x_tiny", "small": "eva_x_small", "base": "eva_x_base"}
"""What the sizes are called here, and their foundations."""

_MEAN, _STD = 0.49185243, 0.28509309


def import_eva_x(size: str, *, weights: Path, folder: Path, command: str, replace: bool = False) -> Imported:
    """Make a bundle in `folder` of EVA-X's file `weights` of this size, fine-tuned on ChestX-ray14.

    `command` goes to the card. Raises `UsageError` for a size that is none, `DataError` where the file is missing,
    damaged or of another network, `BundleError` where `folder` exists and `replace` is not set, and `EngineError` where
    the exported graph does not give the network's logits.
    """
    if size not in SIZES:
        raise UsageError(f"Unknown size {size!r} of EVA-X. Available: {', '.join(SIZES)}")
    foundation, shape = FOUNDATIONS[SIZES[size]], EVA_X[SIZES[size]]
    check_folder(folder, replace=replace)
    sha256 = sha256_of(weights)
    network = eva_x_network(shape, title=foundation.title, tensors=read_weights(weights), path=weights)
    spec = eva_x_spec(shape)
    return write_imported(
        _origin(size, foundation=foundation, sha256=sha256),
        network=Network(
            architecture=f"{SIZES[size]}, norm after pooling",
            arguments={"labels": len(LABELS)},
            labels=LABELS,
            preprocess=spec,
            has_maps=False,
        ),
        files={GRAPH: to_onnx(network, examples={INPUT: example_of(spec)}, outputs=(LOGITS,))},
        folder=folder,
        command=command,
        replace=replace,
    )


def bundle_name(size: str) -> str:
    """What the bundle is called: `eva-x-small-chestxray14`."""
    return f"eva-x-{size}-chestxray14"


def eva_x_spec(shape: EvaShape) -> PreprocessSpec:
    """Their evaluation: the shorter side to 256, bicubic, and the middle 224, for a network of 224 pixels."""
    step = Resize(height=shape.side, width=shape.side, rule="cover", filter="bicubic", zoom=256 / 224)
    return PreprocessSpec(steps=(step,), mean=(_MEAN,) * 3, std=(_STD,) * 3)


def eva_x_network(shape: EvaShape, *, title: str, tensors: Mapping[str, Tensor], path: Path) -> PooledTail:
    """Their classifier in evaluation mode; `path` is named where the file does not fit."""
    if "fc_norm.weight" not in tensors or "head.weight" not in tensors:
        raise DataError(
            f"{path} lacks the classifier of {title}, fine-tuned on ChestX-ray14. A pre-trained file is a start for "
            "training: hilum train --weights"
        )
    network = PooledTail(
        replace(shape, normed=False).build(),
        tail=nn.LayerNorm(shape.channels, eps=1e-6),
        head=nn.Linear(shape.channels, len(LABELS)),
    )
    body = {name: tensor for name, tensor in eva_x_backbone(tensors).items() if not name.startswith("norm.")}
    state = {f"backbone.features.{name}": tensor for name, tensor in body.items()}
    for kind in ("weight", "bias"):
        state[f"tail.{kind}"] = tensors.get(f"fc_norm.{kind}", torch.zeros(0))
        state[f"head.{kind}"] = tensors.get(f"head.{kind}", torch.zeros(0))
    load_whole(network, state, title=title, path=path)
    return network.eval()


def _origin(size: str, *, foundation: Foundation, sha256: str) -> Origin:
    return Origin(
        name=bundle_name(size),
        title=f"Fourteen chest findings by {foundation.title}",
        authors="the authors of EVA-X",
        data=(
            "pre-training without labels: 520 thousand images of public collections, by EVA-X's account",
            "ChestX-ray14 (Wang et al. 2017), official train_val",
        ),
        source=f"{foundation.where}, eva_x_{size}_patch16_merged520k_mim_cxr14_ft.pth",
        cited=foundation.cited,
        sha256=sha256,
        known=None,
        no_point="none: EVA-X publishes none",
        limits=(
            "Heatmaps are made by occlusion, by many passes of the network: a norm stands between the pooling and the "
            "last layer, so that no exact map can be had.",
            "Only the middle of the image is read, seven eighths of its shorter side.",
            "Not tried by hilum's makers on the released file: they had a file of its layout with random weights.",
        ),
        licence=f"{foundation.title}'s weights are {foundation.licence}; the data sets keep their own terms.",
    )

"""The torch network of a bundle of kind classifier, its weights from a training run, the bundle, or its graph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import safetensors
import safetensors.torch

from hilum.bundle.card import GRAPH
from hilum.bundle.load import Bundle
from hilum.errors import BundleError, DataError
from hilum.networks.bundle_weights import agrees_with_graph, weights_of_bundle
from hilum.networks.lung_pooled import ATTENTION, LungAttendedClassifier
from hilum.networks.pooled_classifier import BACKBONES, PooledClassifier


def network_of_bundle(bundle: Bundle, *, weights: Sequence[Path] = ()) -> PooledClassifier:
    """The network in evaluation mode, which gives the graph's logits; `weights` are files of the run that made it.

    The first of them that agrees with the graph is taken, else the bundle's own. Raises `BundleError` for a bundle
    that is no classifier with average pooling and one linear layer or reads the crop to the lungs, and `DataError`
    where its weights cannot be had.
    """
    card = bundle.card
    if card.kind != "classifier" or card.architecture not in BACKBONES or card.heatmap.method != "class-map":
        raise BundleError(
            f"{card.name} is of kind {card.kind} and architecture {card.architecture}; --method needs a classifier "
            "with average pooling and one linear layer. Judge its own heatmaps, without --method"
        )
    if card.preprocess.needs_lungs:
        raise BundleError(
            f"{card.name} reads the crop to the lungs, and --method needs a model that reads the whole image. Judge "
            "its own heatmaps, without --method"
        )
    stride = card.architecture_arguments.get("output_stride")
    made = LungAttendedClassifier if card.architecture_arguments.get(ATTENTION) else PooledClassifier
    network = made(
        card.architecture,
        labels=len(card.label_names),
        channels=card.preprocess.channels,
        output_stride=None if stride is None else int(stride),
    ).eval()
    graph = bundle.read(GRAPH)
    for path in weights:
        if _fits(network, path=path) and agrees_with_graph(network, graph=graph):
            return network
    state, _ = weights_of_bundle(bundle, network=network)
    network.load_state_dict(state)
    return network


def _fits(network: PooledClassifier, *, path: Path) -> bool:
    """Whether the file holds all of the network's parameters, which then has them."""
    try:
        state = safetensors.torch.load(path.read_bytes())
    except (OSError, safetensors.SafetensorError) as error:
        raise DataError(f"{path} does not hold the weights of a training run: {error}. Copy the run again") from error
    own = network.state_dict()
    if set(state) != set(own) or any(state[name].shape != own[name].shape for name in own):
        return False
    network.load_state_dict(state)
    return True

"""From a network that averages inside the lungs to its bundle, which brings the lung network that it learnt with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor, nn

from hilum.bundle.brought_lungs import LUNG_GRAPH
from hilum.bundle.card import GRAPH
from hilum.bundle.load import Bundle
from hilum.bundle.pooling_spec import LUNGS, PoolingSpec
from hilum.datasets.splits.split import Split
from hilum.networks.lung_pooled import LungPooledClassifier
from hilum.reading.engines.engine import CLASS_MAPS, INPUT, LOGITS
from hilum.training.export.card_draft import CardDraft
from hilum.training.export.classifier_bundle import Exported, write_network_bundle
from hilum.training.export.lungs_of_bundle import lungs_of_bundle
from hilum.training.export.to_onnx import example_of, to_onnx
from hilum.training.recipe.lung_pooling import LungPooling
from hilum.training.recipe.recipe import Recipe
from hilum.training.records.run_place import RunPlace


class _Inside(nn.Module):
    def __init__(self, network: LungPooledClassifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor, lungs: Tensor) -> tuple[Tensor, Tensor]:
        return self.network.inside(pictures, lungs)


def lung_pooled_to_onnx(network: LungPooledClassifier, *, example: Tensor) -> bytes:
    """The graph for pictures such as `example`; `bundle/pooling_spec.py` says what it takes and gives.

    Raises as `to_onnx` does.
    """
    lungs = (example[:, :1] + 1) / 2  # as the planes are, in [0, 1]
    return to_onnx(_Inside(network), examples={INPUT: example, LUNGS: lungs}, outputs=(LOGITS, CLASS_MAPS))


def write_lung_pooled_bundle(
    network: LungPooledClassifier,
    *,
    recipe: Recipe,
    pooling: LungPooling,
    split: Split,
    draft: CardDraft,
    lungs: Bundle,
    place: RunPlace,
    seen: Mapping[str, bytes],
) -> Bundle:
    """Write `place.folder/bundle`; `lungs` is the bundle that drew the masks which the records carry.

    `seen` is the file of the images that the network saw, by its name. Raises `BundleError`, writing none, where the
    bundle does not read as the network's validation probabilities say.
    """
    part = PoolingSpec(widen=pooling.widen, hides_outside=pooling.hide_outside, **lungs_of_bundle(lungs))
    graph = lung_pooled_to_onnx(network, example=example_of(recipe.preprocess))
    licence = f"{draft.weights_licence} {LUNG_GRAPH}: {lungs.card.weights_licence}"
    return write_network_bundle(
        Exported(network=network, graph=graph, part=part),
        recipe=recipe,
        split=split,
        draft=replace(draft, kind="lung-pooled", weights_licence=licence),
        lungs=None,  # the bundle draws its own
        place=place,
        seen={LUNG_GRAPH: lungs.read(GRAPH), **seen},
    )

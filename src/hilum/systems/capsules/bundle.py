"""From trained capsules to their bundle: a classifier's, whose heatmaps are made by occlusion or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import nn

from hilum.bundle.card import HeatmapSpec, OcclusionSpec
from hilum.bundle.load import Bundle
from hilum.datasets.splits.split import Split
from hilum.reading.engines.engine import INPUT, LOGITS
from hilum.systems.capsules.recipe import CapsuleHeatmap
from hilum.training.export.card_draft import CardDraft
from hilum.training.export.classifier_bundle import Exported, write_network_bundle
from hilum.training.export.classifier_draft import classifier_draft
from hilum.training.export.seen_images import seen_in_stages
from hilum.training.export.to_onnx import example_of, to_onnx
from hilum.training.recipe.recipe import Recipe
from hilum.training.recipe.settings import card_settings
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace


def write_capsule_bundle(
    network: nn.Module, *, recipe: Recipe, draft: CardDraft, splits: Mapping[str, Split], place: RunPlace
) -> Bundle:
    """Write `place.folder/bundle` of a network from a picture to logits (N, L); `splits` is by stage.

    Raises `BundleError`, writing none, where the bundle does not read as the network's validation probabilities say.
    """
    last = recipe.last
    graph = to_onnx(network, examples={INPUT: example_of(recipe.preprocess_of(last))}, outputs=(LOGITS,))
    return write_network_bundle(
        Exported(network=network, graph=graph),
        recipe=recipe,
        split=splits[last.name],
        draft=draft,
        lungs=None,
        place=place,
        seen=seen_in_stages(recipe, splits=splits.values(), jobs=place.preparation.jobs),
    )


def capsule_draft(
    recipe: Recipe,
    *,
    shape: object,
    architecture: str,
    heatmap: CapsuleHeatmap,
    splits: Mapping[str, Split],
    started_from: str,
    provenance: Provenance,
    smoke: bool,
) -> CardDraft:
    """The card before anything is fitted, with the capsules' `shape`; other arguments as `classifier_draft`."""
    draft = classifier_draft(recipe, splits=splits, started_from=started_from, provenance=provenance, smoke=smoke)
    occlusion = OcclusionSpec() if heatmap == "occlusion" else None
    return replace(
        draft,
        architecture=architecture,
        architecture_arguments={"labels": len(recipe.last.labels), **card_settings(shape)},
        heatmap=HeatmapSpec(method=heatmap, box_threshold=draft.heatmap.box_threshold, occlusion=occlusion),
    )

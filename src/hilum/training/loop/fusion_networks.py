"""The three networks of a fusion for one given split: whole pictures, lung crops, and the fusion of both.

`hilum train` runs the same stages (`stages.py`) on the recipe's own split; a cross-validation gives each fold's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import Split
from hilum.errors import UsageError
from hilum.networks.fusion import FusedClassifier
from hilum.training.data.images import IN_MEMORY, Preparation
from hilum.training.loop.fusion_features import Extractors, pooled_features
from hilum.training.loop.stages import FittedFusion, run_stages
from hilum.training.recipe.recipe import FusedFrom, Recipe
from hilum.training.records.run_place import RunPlace

Logits = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FusionNetworks:
    """The trained networks in evaluation mode, all three in `fused`; `started_from` is one line for a card."""

    recipe: Recipe
    fused: FusedClassifier
    started_from: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FusionLogits:
    """What the three networks say of N pictures, each float32 (N, L), in the order of the records and labels."""

    whole: Logits
    crop: Logits
    fusion: Logits


def train_fusion(recipe: Recipe, *, split: Split, place: RunPlace) -> FusionNetworks:
    """Train all stages of `recipe` on the part `train` of `split`, in `place.folder`; after a stop it goes on there.

    The records carry their lung boxes (`with_lung_boxes`). `split` has the validation parts that the recipe names;
    others, as `test`, are not looked at. Raises `UsageError` where the recipe ends in no fusion.
    """
    fusion_start(recipe)
    fitted = run_stages(recipe, splits={stage.name: split for stage in recipe.stages}, place=place)
    if not isinstance(fitted, FittedFusion):
        raise UsageError(f"{recipe.name} does not end in a fusion of two networks; give a recipe that does")
    return FusionNetworks(recipe, fitted.network, fitted.started_from)


def predict_fusion(
    networks: FusionNetworks, *, records: Sequence[Record], preparation: Preparation = IN_MEMORY
) -> FusionLogits:
    """The logits of the three networks for every record, none mirrored; records without a box are not cropped."""
    fused = networks.fused
    pooled = pooled_features(
        records,
        recipe=networks.recipe,
        extractors=Extractors(fused.whole, fused.crop, fusion_start(networks.recipe)),
        flipped=False,
        preparation=preparation,
    )[:, 0]
    features = fused.whole.weight.shape[1]
    with torch.inference_mode():
        return FusionLogits(
            whole=fused.whole.head(pooled[:, :features]).numpy(),
            crop=fused.crop.head(pooled[:, features:]).numpy(),
            fusion=fused.fusion(pooled).numpy(),
        )


def fusion_start(recipe: Recipe) -> FusedFrom:
    """The stages that the recipe's last one fuses. Raises `UsageError` where it is no fusion."""
    if not isinstance(recipe.last.start, FusedFrom):
        raise UsageError(
            f"{recipe.name} ends in {recipe.last.name}, which is not a fusion of two networks; give a recipe that ends "
            "in one"
        )
    return recipe.last.start

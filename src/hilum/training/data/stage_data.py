"""What a stage learns from and is watched on: pictures, or features that frozen networks made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor
from torch.utils.data import Dataset

from hilum.datasets.splits.split import Split
from hilum.errors import DataError, UsageError
from hilum.training.data.images import PlainImages, Preparation, Targets, TrainingImages, load_images
from hilum.training.recipe.flips import FlippedByChance
from hilum.training.recipe.mixup import MixedUp
from hilum.training.recipe.recipe import TRAIN, Recipe, Stage

Items = Dataset[tuple[Tensor, Tensor]]
"""Inputs and targets (L,) float32, NaN where a label is missing."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StageData:
    """`training` gives an item for a draw of the sampler, whose `targets` are float32 (N, L).

    `validation` has the items of each validation part, by their index, and `counts` how many each part has.
    """

    training: Items
    targets: Targets
    validation: Mapping[str, Items]
    counts: Mapping[str, int]


MakeData = Callable[[], StageData]
"""Called only where there is something to train."""


def image_data(recipe: Recipe, *, stage: Stage, split: Split, preparation: Preparation) -> StageData:
    """The pictures of the stage's parts, prepared as the stage says; the training ones augmented.

    Raises `DataError` where the lungs should be learnt with, and no training picture has any.
    """
    spec, watched, learnt = recipe.preprocess_of(stage), watched_parts(stage, split=split), recipe.learns_lungs
    if learnt is not None and all(record.lung_mask is None for record in split.parts[TRAIN]):
        raise DataError(
            f"No training image of {stage.name} has lungs that are drawn and reliable. Draw them with `hilum segment`, "
            "or give other data or another --lungs"
        )
    loaded = {
        part: load_images(split.parts[part], spec=spec, labels=stage.labels, preparation=preparation, pooling=pooling)
        for part, pooling in ((TRAIN, learnt), *((part, recipe.lung_pooling) for part in watched))
    }
    augmented = TrainingImages(loaded[TRAIN], spec=spec, augmentation=stage.augmentation)
    training: Items = FlippedByChance(augmented, probability=stage.flip_probability)
    if stage.mixup is not None:
        training = MixedUp(training, mixup=stage.mixup, targets=loaded[TRAIN].targets)
    return StageData(
        training=training,
        targets=loaded[TRAIN].targets,
        validation={part: PlainImages(loaded[part], spec=spec) for part in watched},
        counts={part: len(loaded[part].targets) for part in watched},
    )


def watched_parts(stage: Stage, *, split: Split) -> tuple[str, ...]:
    """The stage's validation parts; none where `split` is the part `train` alone, so that all is learnt from.

    Raises `UsageError` where nothing would be watched and the stage chooses its weights by what is.
    """
    if set(split.parts) != {TRAIN}:
        return stage.split.validation
    if stage.selection.keep == "best" or stage.selection.patience is not None:
        raise UsageError(
            f"{stage.name} chooses its epoch on validation images, and the split has none. Add a validation part to "
            "the split"
        )
    return ()

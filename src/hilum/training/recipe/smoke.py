"""`--smoke`: the same code on few images, few steps and small pictures, to prove the path and nothing else."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from hilum.datasets.records.record import Record
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.pooled_classifier import backbone_named
from hilum.training.recipe.ensemble import EnsembleRecipe
from hilum.training.recipe.freezing import StagedRelease
from hilum.training.recipe.recipe import Recipe, Stage
from hilum.training.recipe.samplers import Shuffled

SIDE_PX = 64
EPOCHS = 2
VALIDATE_EVERY = 2
BATCH = 8
IMAGES_PER_EPOCH = 32
IMAGES_PER_OUTCOME = 6
LEAST_IMAGES = 48


def smoke_recipe(recipe: Recipe, *, least_px: int = SIDE_PX) -> Recipe:
    """The recipe with pictures of 64 pixels, two epochs a stage, and four batches of eight an epoch at most.

    The pictures are larger, `least_px` or more, where the network takes none so small.
    """
    side = max(SIDE_PX, least_px, backbone_named(recipe.backbone).least)
    steps = tuple(_smaller(step, side=side) if isinstance(step, Resize) else step for step in recipe.preprocess.steps)
    spec = recipe.preprocess
    return replace(
        recipe,
        preprocess=PreprocessSpec(steps=steps, mean=spec.mean, std=spec.std),
        stages=tuple(map(smoke_stage, recipe.stages)),
    )


def smoke_ensemble(recipe: EnsembleRecipe) -> EnsembleRecipe:
    """Every member made small."""
    return replace(recipe, members=tuple(map(smoke_recipe, recipe.members)))


def smoke_records(records: Sequence[Record], *, labels: Sequence[str]) -> tuple[Record, ...]:
    """A few images with each outcome of each label, from every official part; which ones follows from their hashes."""
    share = max(IMAGES_PER_OUTCOME, LEAST_IMAGES // (2 * len(labels)))
    taken: dict[tuple[str | None, str, float], int] = defaultdict(int)
    chosen = []
    for record in sorted(records, key=lambda record: record.sha256):
        outcomes = [(record.official, label, record.labels[label]) for label in labels if label in record.labels]
        wanted = [one for one in outcomes if not math.isnan(one[2]) and taken[one] < share]
        if wanted:
            chosen.append(record)
            for outcome in outcomes:
                taken[outcome] += 1
    return tuple(sorted(chosen, key=lambda record: (record.source, record.image)))


def few_of_each(records: Sequence[Record], *, each: int) -> tuple[Record, ...]:
    """At most `each` records of every source and X-ray type; which ones follows from their hashes."""
    taken: dict[tuple[str, str | None], int] = defaultdict(int)
    chosen = []
    for record in sorted(records, key=lambda record: record.sha256):
        kind = (record.source, record.xray_type)
        if taken[kind] < each:
            chosen.append(record)
            taken[kind] += 1
    return tuple(sorted(chosen, key=lambda record: (record.source, record.image)))


def _smaller(step: Resize, *, side: int) -> Resize:
    sides = {"height": min(side, step.height), "width": min(side, step.width)}
    return Resize.model_validate({**dict(step), **sides})


def smoke_stage(stage: Stage) -> Stage:
    """Two epochs of four batches of eight at most, with what else a stage has made as small."""
    sampler, freezing = stage.sampler, stage.freezing
    if not isinstance(sampler, Shuffled):
        few = min(IMAGES_PER_EPOCH, sampler.images_per_epoch or IMAGES_PER_EPOCH)
        sampler = replace(sampler, images_per_epoch=few)
    if isinstance(freezing, StagedRelease):
        freezing = replace(freezing, head_epochs=min(1, freezing.head_epochs))
    return replace(
        stage,
        sampler=sampler,
        freezing=freezing,
        epochs=min(EPOCHS, stage.epochs),
        batch_size=min(BATCH, stage.batch_size),
        accumulate=min(2, stage.accumulate),
        validate_every=None if stage.validate_every is None else min(VALIDATE_EVERY, stage.validate_every),
    )

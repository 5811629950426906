"""Train one stage of a classifier's recipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy.typing as npt
from torch import nn

from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import Split
from hilum.networks.fusion import FusionHead
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.reading.engines.engine import available_cores
from hilum.training.data.sharpness_bins import sharpness_bins
from hilum.training.data.stage_data import MakeData
from hilum.training.loop.classifier_task import ClassifierTask
from hilum.training.loop.fit import Kept, fit
from hilum.training.loop.lung_guided_task import LungGuidedTask
from hilum.training.loop.task import Task, TaskData
from hilum.training.recipe.losses import Loss, fit_loss, said_logits
from hilum.training.recipe.machine import Machine
from hilum.training.recipe.recipe import TRAIN, Recipe, Stage
from hilum.training.recipe.samplers import SamplerSpec, SeededSampler, SharpnessBalanced, build_sampler


def fit_stage(
    recipe: Recipe,
    *,
    stage: Stage,
    network: nn.Module,
    split: Split,
    folder: Path,
    machine: Machine,
    data: MakeData,
    started_from: str,
    task: Callable[[Loss], Task] | None = None,
) -> Kept:
    """Train `network` in place and return the weights that the stage keeps.

    Its outputs are logits (N, L), and what is learnt a `ClassifierTask`, guided by the lungs where the recipe says so;
    else `task` makes it of the fitted loss.
    `folder` holds the checkpoints, which keep `started_from`, and the logs. `data` makes what is learnt from, where
    there is something to train: only the part `train` is trained on; the validation parts are watched, where `split`
    has any.
    """

    def make() -> tuple[Task, TaskData]:
        made = data()
        loss = fit_loss(stage.loss, targets=made.targets, labels=stage.labels)
        sampler = stage_sampler(recipe, stage=stage, split=split, targets=made.targets)
        return _task(network, recipe=recipe, stage=stage, loss=loss) if task is None else task(loss), TaskData(
            training=made.training,
            sampler=sampler,
            validation={part: (made.validation[part], made.counts[part]) for part in made.validation},
            started_from=started_from,
            population=stage.batch_statistics is not None,
        )

    # one linear layer gains nothing from less
    precision = "32-true" if isinstance(network, FusionHead) else recipe.precision
    plan = stage.plan(precision=precision, deterministic=recipe.deterministic)
    return fit(make, plan=plan, seed=recipe.seed, folder=folder, machine=machine)


def stage_sampler(recipe: Recipe, *, stage: Stage, split: Split, targets: npt.ArrayLike) -> SeededSampler:
    """What draws the images of the part `train`, whose `targets` are (N, L). Raises `DataError` as `build_sampler`."""
    records = split.parts[TRAIN]
    return build_sampler(
        stage.sampler,
        targets=targets,
        labels=stage.labels,
        patients=[record.patient for record in records],
        views=[record.view for record in records],
        sources=[record.source for record in records],
        strata=_strata(records, sampler=stage.sampler),
        seed=recipe.seed,
    )


def _strata(records: Sequence[Record], *, sampler: SamplerSpec) -> list[str]:
    if isinstance(sampler, SharpnessBalanced):
        return sharpness_bins(records, bins=sampler.bins, jobs=available_cores())
    return [record.stratum for record in records]


def _task(network: nn.Module, *, recipe: Recipe, stage: Stage, loss: Loss) -> ClassifierTask:
    said = partial(said_logits, stage.loss, labels=stage.labels)
    guidance = recipe.lung_guidance
    if guidance is not None and isinstance(network, PooledClassifier):
        return LungGuidedTask(network, labels=stage.labels, loss=loss, guidance=guidance, said=said)
    return ClassifierTask(network, labels=stage.labels, loss=loss, said=said)

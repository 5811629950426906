"""Train one stage to its end; after a stop the same call goes on where the last whole epoch ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from hilum.datasets.split import Split
from hilum.errors import DataError
from hilum.networks.fusion import FusionHead
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.batches import SideBySide, as_batch
from hilum.training.checkpoints import BEST_CHECKPOINT, LAST_CHECKPOINT, has_ended, load_checkpoint, network_state
from hilum.training.fast_arithmetic import use_fast_arithmetic
from hilum.training.freezing import freezing_callback
from hilum.training.gather import ShareSampler
from hilum.training.label_weights import label_weights
from hilum.training.losses import BinaryCrossEntropy
from hilum.training.module import ClassifierModule
from hilum.training.recipe import TRAIN, Recipe, Stage
from hilum.training.samplers import build_sampler
from hilum.training.stage_data import Items, MakeData, StageData
from hilum.training.trainer import (
    Following,
    Machine,
    checkpoint_to_resume,
    deterministic_as_before,
    make_trainer,
    run_trainer,
)

VALIDATION_BATCH = 64

Loader = DataLoader[tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class Fitted:
    """The trained network in evaluation mode, and one line on the weights that training started from."""

    network: PooledClassifier
    started_from: str


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """The weights that a stage ended with, on the CPU, and the epoch (from 0) that they are of."""

    state: Mapping[str, Tensor]
    epoch: int


def fit_stage(
    recipe: Recipe,
    *,
    stage: Stage,
    network: PooledClassifier | FusionHead,
    split: Split,
    folder: Path,
    machine: Machine,
    data: MakeData,
) -> Kept:
    """Train `network` in place and return the weights that the stage keeps.

    `folder` holds the checkpoints and the logs. `data` makes what is learnt from, where there is something to train:
    only the part `train` is trained on; the validation parts are watched. The random generators are as they were
    before.
    """
    last = folder / LAST_CHECKPOINT
    if not (last.is_file() and has_ended(load_checkpoint(last), epochs=stage.epochs)):
        made = data()
        patients = [record.patient for record in split.parts[TRAIN]]
        with torch.random.fork_rng(), deterministic_as_before():
            torch.manual_seed(recipe.seed)
            _train(recipe, stage=stage, network=network, data=made, patients=patients, folder=folder, machine=machine)
    kept = load_checkpoint(folder / (BEST_CHECKPOINT if stage.selection.keep == "best" else LAST_CHECKPOINT))
    return Kept(network_state(kept), int(kept["epoch"]))


def _train(
    recipe: Recipe,
    *,
    stage: Stage,
    network: PooledClassifier | FusionHead,
    data: StageData,
    patients: Sequence[str],
    folder: Path,
    machine: Machine,
) -> None:
    use_fast_arithmetic(network)
    backbones = [network.backbone] if isinstance(network, PooledClassifier) else []
    trainer = make_trainer(
        folder=folder,
        epochs=stage.epochs,
        precision=recipe.precision if backbones else "32-true",  # one linear layer gains nothing from less
        machine=machine,
        following=Following(
            monitor=stage.selection.metric,
            mode="min" if stage.selection.monitor == "loss" else "max",
            keep_best=stage.selection.keep == "best",
            patience=stage.selection.patience,
        ),
        ema_decay=stage.ema_decay,
        accumulate=stage.accumulate,
        clip_norm=stage.clip_norm,
        deterministic=recipe.deterministic,
        released_later=stage.freezing is not None,
        more=[] if stage.freezing is None else [freezing_callback(stage.freezing, backbones=backbones)],
    )
    weighting = stage.loss.weighting if isinstance(stage.loss, BinaryCrossEntropy) else "none"
    weights = label_weights(data.targets, labels=stage.labels, weighting=weighting)
    run_trainer(
        trainer,
        ClassifierModule(network, stage=stage, seed=recipe.seed, label_weights=weights),
        training=_training_loader(recipe, stage=stage, data=data, patients=patients, machine=machine),
        validation=[_plain_loader(data.validation[part], count=data.counts[part]) for part in stage.split.validation],
        resume=checkpoint_to_resume(folder),
    )


def _training_loader(
    recipe: Recipe, *, stage: Stage, data: StageData, patients: Sequence[str], machine: Machine
) -> Loader:
    sampler = build_sampler(
        stage.sampler, targets=data.targets, labels=stage.labels, patients=patients, seed=recipe.seed
    )
    if len(sampler) < stage.batch_size:
        raise DataError(
            f"expected at least one batch of {stage.batch_size} images an epoch in {stage.name}, came {len(sampler)}; "
            "give more data or --set batch_size"
        )
    return DataLoader(
        SideBySide(data.training),
        batch_size=stage.batch_size,
        sampler=sampler,
        num_workers=machine.workers,
        persistent_workers=machine.workers > 0,
        collate_fn=as_batch,
        drop_last=True,
    )


def _plain_loader(items: Items, *, count: int) -> Loader:
    return DataLoader(items, batch_size=VALIDATION_BATCH, sampler=ShareSampler(count))

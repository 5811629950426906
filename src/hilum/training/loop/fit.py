"""The one training loop: a task is trained by a plan to its end; after a stop the same call goes on.

It goes on where the last whole epoch ended, and ends with the weights that an unbroken run would have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor, nn
from torch.utils.data import DataLoader

from hilum.errors import DataError, UsageError
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.data.batches import SideBySide, as_batch
from hilum.training.loop.checkpoints import BEST_CHECKPOINT, LAST_CHECKPOINT, has_ended, load_checkpoint, network_state
from hilum.training.loop.fast_arithmetic import use_fast_arithmetic
from hilum.training.loop.freed_memory import freed_memory_kept
from hilum.training.loop.over_processes import ShareSampler
from hilum.training.loop.population_statistics import ValidatedWithPopulation, population_order
from hilum.training.loop.task import Items, MakeTask, Task, TaskData
from hilum.training.loop.task_module import STARTED_FROM, TaskModule
from hilum.training.loop.trainer import checkpoint_to_resume, deterministic_as_before, make_trainer, run_trainer
from hilum.training.recipe.freezing import freezing_callback
from hilum.training.recipe.machine import Machine
from hilum.training.recipe.plan import Plan

VALIDATION_BATCH = 64

Loader = DataLoader[tuple[Tensor, Tensor]]


@runtime_checkable
class OfBackbones(Protocol):
    """A network of several, or of one beside other parts."""

    @property
    def backbones(self) -> Sequence[nn.Module]:
        """The feature extractors that a plan may freeze and release together."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The trained network in evaluation mode, and one line on the weights that training started from."""

    network: PooledClassifier
    started_from: str


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """The weights that a training ended with, on the CPU, and the epoch (from 0) that they are of.

    `started_from` is what the task said of the weights before; `not known` where it, or an earlier hilum, said nothing.
    """

    state: Mapping[str, Tensor]
    epoch: int
    started_from: str


def fit(make: MakeTask, *, plan: Plan, seed: int, folder: Path, machine: Machine) -> Kept:
    """Train what `make` gives to the end of `plan`, and return the weights that the plan keeps.

    `folder` holds the checkpoints and the logs. `make` is called only where there is something left to train; its
    network is trained in place. The random generators are as they were before. Raises `DataError` where an epoch has
    less than one batch, a part has no image, or a loss is no number.
    """
    last = folder / LAST_CHECKPOINT
    if not (last.is_file() and has_ended(load_checkpoint(last), epochs=plan.epochs)):
        with torch.random.fork_rng(), deterministic_as_before(), freed_memory_kept():
            torch.manual_seed(seed)
            task, data = make()
            _train(task, data=data, plan=plan, seed=seed, folder=folder, machine=machine)
    best = plan.selection is not None and plan.selection.keep == "best"
    kept = load_checkpoint(folder / (BEST_CHECKPOINT if best else LAST_CHECKPOINT))
    return Kept(network_state(kept), int(kept["epoch"]), kept.get(STARTED_FROM) or "not known")


def _train(task: Task, *, data: TaskData, plan: Plan, seed: int, folder: Path, machine: Machine) -> None:
    use_fast_arithmetic(task.network)
    backbones = _backbones(task.network)
    more: list[Callback] = [] if plan.freezing is None else [freezing_callback(plan.freezing, backbones=backbones)]
    if data.population:
        more.append(_validated_with_population(task, data=data, plan=plan, machine=machine))
    run_trainer(
        make_trainer(plan, folder=folder, machine=machine, more=more),
        TaskModule(task, plan=plan, seed=seed, parts=tuple(data.validation), started_from=data.started_from),
        training=_training_loader(data, plan=plan, machine=machine),
        validation=[_plain_loader(items, count=count, part=part) for part, (items, count) in data.validation.items()],
        resume=checkpoint_to_resume(folder),
    )


def _validated_with_population(task: Task, *, data: TaskData, plan: Plan, machine: Machine) -> Callback:
    if machine.strategy == "fsdp":
        raise UsageError(
            "Population statistics of batch norm do not work with the strategy fsdp. Use ddp, or --set "
            "batch_statistics=none"
        )
    order = population_order(data.sampler)
    return ValidatedWithPopulation(task.network, images=data.training, order=order, batch_size=plan.batch_size)


def _backbones(network: nn.Module) -> list[nn.Module]:
    """What a plan may freeze and release of a network, all of them together."""
    match network:
        case PooledClassifier():
            return [network.backbone]
        case OfBackbones():
            return list(network.backbones)
        case _:
            return []


def _training_loader(data: TaskData, *, plan: Plan, machine: Machine) -> Loader:
    if len(data.sampler) < plan.batch_size:
        raise DataError(
            f"{plan.name} needs at least one batch of {plan.batch_size} images an epoch, and there are "
            f"{len(data.sampler)}. Give more data, or a smaller --set batch_size"
        )
    updates = len(data.sampler) // plan.batch_size
    if plan.validate_every is not None and plan.validate_every > updates:
        raise DataError(
            f"{plan.name} validates every {plan.validate_every} updates, and an epoch has {updates}. Give more data, "
            "or a smaller --set validate_every"
        )
    return DataLoader(
        SideBySide(data.training),
        batch_size=plan.batch_size,
        sampler=data.sampler,
        num_workers=machine.workers,
        persistent_workers=machine.workers > 0,
        collate_fn=as_batch,
        drop_last=True,
    )


def _plain_loader(items: Items, *, count: int, part: str) -> Loader:
    if count == 0:
        raise DataError(f"The validation part {part} has no images. Give more data")
    return DataLoader(items, batch_size=VALIDATION_BATCH, sampler=ShareSampler(count))

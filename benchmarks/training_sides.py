"""The sides of `training.py`: a plain float32 loop, hilum's arithmetic without its loop, and hilum's own loop."""

from __future__ import annotations

import itertools
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from lightning import pytorch as pl
from lightning.pytorch.callbacks import Callback
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode

from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.pneumonia.recipe import pneumonia
from hilum.training.data.batches import SideBySide, as_batch
from hilum.training.data.images import LoadedImages, TrainingImages
from hilum.training.loop.classifier_task import ClassifierTask
from hilum.training.loop.fast_arithmetic import use_fast_arithmetic
from hilum.training.loop.task_module import TaskModule
from hilum.training.loop.trainer import make_trainer
from hilum.training.recipe.losses import BinaryCrossEntropy, Loss, fit_loss, masked_loss
from hilum.training.recipe.machine import Machine, multiplies_bfloat16
from hilum.training.recipe.optimizers import build_optimizer
from hilum.training.recipe.recipe import Recipe, Stage
from hilum.training.recipe.samplers import build_sampler
from hilum.training.recipe.schedules import OneCycle

LABELS = 14
SIZE = 224
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def made_network(backbone: str) -> PooledClassifier:
    """The network with random weights, the same at every call."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return PooledClassifier(backbone, labels=LABELS).to(DEVICE)


def made_batch(batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Normalised noise (N, 3, 224, 224) and targets (N, 14), one in ten positive."""
    draw = torch.Generator().manual_seed(1)
    images = torch.randn((batch, 3, SIZE, SIZE), generator=draw)
    targets = (torch.rand((batch, LABELS), generator=draw) < 0.1).float()
    return images.to(DEVICE), targets.to(DEVICE)


def plain_steps(network: nn.Module, *, batch: int, steps: int) -> list[float]:
    """Seconds of each step of the loop that one writes first: float32, as torch lays images out, AdamW."""
    images, targets = made_batch(batch)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    network.train()

    def step() -> None:
        optimizer.zero_grad()
        functional.binary_cross_entropy_with_logits(network(images), targets).backward()
        optimizer.step()

    return timed(step, steps=steps)


def bare_steps(network: nn.Module, *, batch: int, steps: int, bfloat16: bool) -> list[float]:
    """Seconds of each step of hilum's arithmetic alone: channels last, loss and optimiser, `bfloat16` or float32."""
    stage = recipe(batch).last
    fitted = plain_loss(stage)
    use_fast_arithmetic(network)
    optimizer = build_optimizer(network, spec=stage.optimizer)
    images, targets = made_batch(batch)
    network.train()

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast(DEVICE.type, torch.bfloat16, enabled=bfloat16):
            logits = network(images.contiguous(memory_format=torch.channels_last))
            loss = masked_loss(logits, targets, loss=fitted)
        loss.backward()
        optimizer.step()

    return timed(step, steps=steps)


def timed(step, *, steps: int) -> list[float]:
    """Seconds of each of `steps` calls; one before them only warms up."""
    seconds = []
    for _ in range(steps + 1):
        started = time.perf_counter()
        step()
        if DEVICE.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return seconds[1:]


class Clock(Callback):
    """When each training batch began, with its data fetched before."""

    def __init__(self) -> None:
        self.began: list[float] = []

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch, batch_idx: int) -> None:
        """Lightning calls this when the batch is there."""
        del trainer, pl_module, batch, batch_idx
        if DEVICE.type == "cuda":
            torch.cuda.synchronize()
        self.began.append(time.perf_counter())


def recipe(batch: int) -> Recipe:
    """The pneumonia recipe's augmentation, optimiser and schedule, for 14 labels and without label smoothing."""
    made = pneumonia(RandomWeights())
    names = tuple(f"label {index}" for index in range(LABELS))
    stage = replace(
        made.last,
        labels=names,
        batch_size=batch,
        epochs=1,
        loss=BinaryCrossEntropy(),
        schedule=OneCycle(warm_up=0.5),  # a share of few steps
    )
    return replace(made, stages=(stage,))


def plain_loss(stage: Stage) -> Loss:
    """The stage's loss, which is not fitted on targets."""
    return fit_loss(stage.loss, targets=[[float("nan")] * LABELS], labels=stage.labels)


def hilum_steps(network: PooledClassifier, *, batch: int, steps: int, workers: int) -> list[float]:
    """Seconds from one batch to the next in hilum's own loop: images, augmentation, network, optimiser, log."""
    made = recipe(batch)
    stage = made.last
    count = batch * (steps + 2)  # the first step warms up, and the last has no next
    draw = torch.Generator().manual_seed(2)
    grey = torch.rand((count, SIZE, SIZE), generator=draw).numpy()
    targets = (torch.rand((count, LABELS), generator=draw) < 0.1).float().numpy()
    targets[:2, 0] = (0.0, 1.0)
    images = LoadedImages(grey, targets)
    sampler = build_sampler(
        replace(stage.sampler, images_per_epoch=count),
        targets=targets,
        labels=stage.labels,
        patients=[str(index) for index in range(count)],
        seed=0,
    )
    dataset = TrainingImages(images, spec=made.preprocess, augmentation=stage.augmentation)
    loader = DataLoader(
        SideBySide(dataset),
        batch_size=batch,
        sampler=sampler,
        num_workers=workers,
        collate_fn=as_batch,
        drop_last=True,
    )
    use_fast_arithmetic(network)
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        plan = stage.plan(precision=made.precision)
        trainer = make_trainer(plan, folder=Path(folder), machine=Machine(workers=workers), more=[clock])
        task = ClassifierTask(network, labels=stage.labels, loss=plain_loss(stage))
        trainer.fit(TaskModule(task, plan=plan, seed=0), train_dataloaders=loader)
    return [after - before for before, after in itertools.pairwise(clock.began[1:])]


def largest_difference(backbone: str, *, batch: int) -> float:
    """Between the first loss of the plain loop and that of hilum's arithmetic, as a share of it."""
    images, targets = made_batch(batch)
    network = made_network(backbone).train()
    stage = recipe(batch).last
    with torch.no_grad():
        plain = functional.binary_cross_entropy_with_logits(network(images), targets)
        use_fast_arithmetic(network)
        with torch.autocast(DEVICE.type, torch.bfloat16, enabled=multiplies_bfloat16()):
            ours = masked_loss(
                network(images.contiguous(memory_format=torch.channels_last)),
                targets,
                loss=plain_loss(stage),
            )
    return abs(float(plain) - float(ours)) / float(plain)


def step_flops(backbone: str, *, batch: int) -> int:
    """Floating-point operations of one step: three times the forward pass, where a multiply and add are two.

    torch counts the backward pass of grouped convolutions as if they had no groups, so that is not asked for.
    """
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        made_network(backbone)(made_batch(batch)[0])
    return 3 * int(counter.get_total_flops())


def matrix_rate(*, side: int, rounds: int) -> float:
    """Floating-point operations a second of a product of two square matrices, the best of the rounds.

    In the numbers that a training computes with here: bfloat16, or float32 where the hardware does not multiply it.
    """
    kind = torch.bfloat16 if multiplies_bfloat16() else torch.float32
    left, right = (torch.randn((side, side), device=DEVICE, dtype=kind) for _ in range(2))
    return 2 * side**3 / min(timed(lambda: left @ right, steps=rounds))

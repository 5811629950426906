"""Trains a ResNet-18 for 20 updates in one process or, through Lightning, in two that talk by gloo.

Run as `python follow.py PROCESSES FOLDER [staged [plain]]`: hilum's trainer, module, samplers and data set on noise,
with missing labels. Each process writes weights after every update, its draws, how many labels it knew and the
validation figures to `FOLDER/rank<rank>.pt`. Lightning starts the second process with the same command.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import hilum.networks  # noqa: F401 (for its torchvision guard, before Lightning)

# isort: split
import numpy as np
import torch
from lightning import pytorch as pl
from torch.utils.data import DataLoader

from hilum.imaging.preprocess import PreprocessSpec
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import RandomWeights
from hilum.training.data.images import LoadedImages, PlainImages, TrainingImages
from hilum.training.loop.classifier_task import ClassifierTask
from hilum.training.loop.over_processes import ShareSampler
from hilum.training.loop.task_module import TaskModule
from hilum.training.loop.trainer import make_trainer, run_trainer
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.freezing import FrozenBatchNorms, StagedRelease, freezing_callback
from hilum.training.recipe.losses import BinaryCrossEntropy, fit_loss
from hilum.training.recipe.machine import Machine
from hilum.training.recipe.optimizers import Sgd
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.processes import training_processes
from hilum.training.recipe.recipe import SplitSpec, Stage
from hilum.training.recipe.samplers import ClassBalanced, build_sampler
from hilum.training.recipe.schedules import Cosine

LABELS = ("Mass", "Nodule", "Hernia")
IMAGES, BATCH, EPOCHS, SIZE, SEED = 60, 12, 4, 32, 7
STRIDE = 31
SPEC = PreprocessSpec(steps=(), mean=(0.5,) * 3, std=(0.25,) * 3)
AUGMENTATION = Augmentation(rotation_deg=10.0, noise=0.05)


def images(count: int, *, seed: int) -> LoadedImages:
    """Two thirds of the images lack most labels, so that the processes know unequal numbers of them."""
    draw = np.random.default_rng(seed)
    targets = (draw.random((count, len(LABELS))) < 0.3).astype(np.float32)
    targets[draw.random(targets.shape) < 0.2] = np.nan
    targets[count // 3 :, 1:] = np.nan
    return LoadedImages(draw.random((count, SIZE, SIZE), np.float32), targets)


def stage(*, batch_size: int) -> Stage:
    return Stage(
        name="follow",
        start=RandomWeights(),
        releases=("none",),
        labels=LABELS,
        split=SplitSpec(shares={"train": 0.8, "validation": 0.2}),
        selection=Selection(part="validation"),
        loss=BinaryCrossEntropy(label_smoothing=0.02, weighting="chexnet"),
        optimizer=Sgd(learning_rate=0.3),
        schedule=Cosine(warm_up=0.2),
        sampler=ClassBalanced(images_per_epoch=IMAGES),
        epochs=EPOCHS,
        batch_size=batch_size,
    )


class Notes(pl.Callback):
    """A share of the weights after every update, the labels known in it, and validation figures after every epoch."""

    def __init__(self) -> None:
        self.after: list[torch.Tensor] = []
        self.known: list[int] = []
        self.figures: list[list[float]] = []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        every = torch.cat([tensor.detach().flatten() for tensor in pl_module.parameters()])
        self.after.append(every[::STRIDE].clone())
        self.known.append(int((~torch.isnan(batch[1])).sum()))

    def on_train_epoch_end(self, trainer, pl_module):
        names = ("train/loss", "validation/loss", "validation/mean_auroc")
        self.figures.append([float(trainer.callback_metrics[name]) for name in names])


def network() -> PooledClassifier:
    """Norms with the statistics that they are built with; seeded."""
    torch.manual_seed(1)
    return PooledClassifier("resnet18", labels=len(LABELS))


def main(processes: int, folder: Path, *, staged: bool, plain: bool) -> None:
    torch.set_num_threads(1)
    training, validation, one = images(IMAGES, seed=3), images(31, seed=4), stage(batch_size=BATCH // processes)
    classifier, notes = network(), Notes()
    release = StagedRelease(head_epochs=1, learning_rate_factor=0.5, freeze_batch_norms=True)
    spec = release if staged else FrozenBatchNorms()
    plan = one.plan(precision="32-true")
    trainer = make_trainer(
        replace(plan, freezing=spec if staged and not plain else None),  # which says whether blocks are released later
        folder=folder / "run",
        machine=Machine(devices=processes, strategy="ddp" if plain or processes > 1 else "auto"),
        more=[freezing_callback(spec, backbones=[classifier.backbone]), notes],
    )
    sampler = build_sampler(one.sampler, targets=training.targets, labels=LABELS, patients=[""] * IMAGES, seed=SEED)
    loss = fit_loss(one.loss, targets=training.targets, labels=LABELS)
    run_trainer(
        trainer,
        TaskModule(ClassifierTask(classifier, labels=LABELS, loss=loss), plan=plan, seed=SEED, parts=("validation",)),
        training=DataLoader(
            TrainingImages(training, spec=SPEC, augmentation=AUGMENTATION), batch_size=one.batch_size, sampler=sampler
        ),
        validation=[DataLoader(PlainImages(validation, spec=SPEC), sampler=ShareSampler(31), batch_size=8)],
        resume=None,
    )
    out = {"after": torch.stack(notes.after), "known": torch.tensor(notes.known)}
    out |= {"figures": torch.tensor(notes.figures), "group": torch.tensor([training_processes().count])}
    draws = []
    for epoch in range(EPOCHS):
        sampler.set_epoch(epoch)
        draws += [torch.tensor(list(sampler)).reshape(-1, one.batch_size, 2)]
    torch.save({**out, "drawn": torch.cat(draws)}, folder / f"rank{trainer.global_rank}.pt")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), staged="staged" in sys.argv[3:], plain="plain" in sys.argv[3:])

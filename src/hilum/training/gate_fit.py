"""Train a gate's network to the end of its recipe; after a stop the same call goes on where the last epoch ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from lightning import pytorch as pl
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.utils.data import DataLoader, Sampler

from hilum.bundle.gate_outputs import GATE_OUTPUTS
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import load_starting_weights
from hilum.training.checkpoints import LAST_CHECKPOINT, load_checkpoint
from hilum.training.fit import Fitted
from hilum.training.gate_groups import groups_to_draw, shares_of_groups
from hilum.training.gate_images import GatePicture, GateTrainingImages, draw_groups
from hilum.training.gate_losses import gate_loss
from hilum.training.gate_recipe import GateRecipe
from hilum.training.trainer import Machine, checkpoint_to_resume, make_trainer, run_trainer

ASPECTS = 4096


class GateModule(pl.LightningModule):
    """The loss of `gate_losses.py`, AdamW, one cycle over all steps."""

    def __init__(self, network: PooledClassifier, *, recipe: GateRecipe) -> None:
        super().__init__()
        self.network, self.recipe = network, recipe

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """The loss of one batch."""
        del batch_idx
        images, targets = batch
        logits = self.network(images.contiguous(memory_format=torch.channels_last))
        loss = gate_loss(logits, targets, weights=self.recipe.loss)
        self.log("train/loss", loss, on_step=False, on_epoch=True)
        return loss

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Norms and biases do not decay."""
        schedule = self.recipe.schedule
        groups = [
            {"params": [p for p in self.network.parameters() if p.ndim > 1], "weight_decay": schedule.weight_decay},
            {"params": [p for p in self.network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=schedule.peak_learning_rate)
        cycle = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=schedule.peak_learning_rate,
            total_steps=int(self.trainer.estimated_stepping_batches),
            pct_start=0.15,
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cycle, "interval": "step"}}


class GroupSampler(Sampler[tuple[int, int]]):
    """Draws of (picture, seed) by groups; they depend on the seed and the epoch alone."""

    def __init__(self, pictures: Sequence[GatePicture], *, recipe: GateRecipe) -> None:
        self._groups = groups_to_draw(pictures)
        self._shares = shares_of_groups(self._groups, shares=recipe.shares)
        self._count = recipe.schedule.images // recipe.schedule.epochs
        self._seed, self._epoch = recipe.seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this before each epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[int, int]]:
        rng = np.random.default_rng((self._seed, self._epoch))
        return iter(draw_groups(self._groups, shares=self._shares, count=self._count, rng=rng))


def aspects_as_drawn(pictures: Sequence[GatePicture], *, recipe: GateRecipe) -> list[float]:
    """Aspects of radiographs, each as often as training draws it, so that the aspect gives nothing away."""
    groups = groups_to_draw(pictures)
    shares = shares_of_groups(groups, shares=recipe.shares)
    xrays = {name: members for name, members in groups.items() if pictures[members[0]].is_xray}
    draws = draw_groups(xrays, shares=shares, count=ASPECTS, rng=np.random.default_rng(recipe.seed))
    return [pictures[index].aspect for index, _ in draws]


def fit_gate(recipe: GateRecipe, *, pictures: Sequence[GatePicture], folder: Path, workers: int) -> Fitted:
    """Train on `pictures` and return the network after the last epoch: nothing is chosen by a score."""
    torch.manual_seed(recipe.seed)
    network = PooledClassifier(recipe.backbone, labels=len(GATE_OUTPUTS), dropout=recipe.dropout)
    started_from = load_starting_weights(network, weights=recipe.starting_weights)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # absent from its stubs
    trainer = make_trainer(
        folder=folder,
        epochs=recipe.schedule.epochs,
        precision="bf16-mixed",
        machine=Machine(devices=1, workers=workers),
        ema_decay=recipe.schedule.ema_decay,
    )
    loader = DataLoader(
        GateTrainingImages(
            pictures, spec=recipe.preprocess, changes=recipe.changes, aspects=aspects_as_drawn(pictures, recipe=recipe)
        ),
        batch_size=recipe.schedule.batch_size,
        sampler=GroupSampler(pictures, recipe=recipe),
        num_workers=workers,
        persistent_workers=workers > 0,
        drop_last=True,
    )
    module = GateModule(network, recipe=recipe)
    run_trainer(trainer, module, training=loader, resume=checkpoint_to_resume(folder))
    # a run that was stopped after its last epoch trains no more and averages nothing: what was saved holds in any case
    module.load_state_dict(load_checkpoint(folder / LAST_CHECKPOINT)["state_dict"])
    return Fitted(network.eval(), started_from)

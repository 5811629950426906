"""The Lightning module of a pooled classifier: a stage's loss, optimiser and schedule, and its validation figures.

A run that was stopped goes on exactly: the generator is seeded anew for every step, and schedules that look at a
metric are stepped before the checkpoint is written (Lightning steps them after it and forgets that on resuming).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from lightning import pytorch as pl
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from hilum.datasets.uncertain import outcomes_of
from hilum.errors import DataError
from hilum.networks.fusion import FusionHead
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.statistics.auroc import auroc
from hilum.statistics.outcomes import UndefinedMetric
from hilum.training.gather import gather_rows
from hilum.training.label_weights import LabelWeights
from hilum.training.losses import loss_sum, masked_loss
from hilum.training.optimizers import build_optimizer
from hilum.training.processes import training_processes
from hilum.training.recipe import Stage
from hilum.training.schedules import lightning_schedules

Batch = tuple[Tensor, Tensor]

_PLATEAUS = "plateaus"


class ClassifierModule(pl.LightningModule):
    """Trains a network as `stage` says, on pictures or, where it is a `FusionHead`, on pooled vectors.

    The validation loaders are those of `stage.split.validation`.
    Logs `train/loss`, and for every validation part P `P/loss`, `P/auroc/LABEL` where both outcomes are there, and
    `P/mean_auroc` over those labels, `P/labels_with_auroc` of them.
    """

    def __init__(
        self, network: PooledClassifier | FusionHead, *, stage: Stage, seed: int, label_weights: LabelWeights | None
    ) -> None:
        super().__init__()
        self.network, self.stage, self.seed, self.label_weights = network, stage, seed, label_weights
        self._outputs: dict[str, list[Batch]] = {}
        self._plateaus: list[tuple[ReduceLROnPlateau, str]] = []
        self._plateau_states: list[dict[str, Any]] = []

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The mean loss of one batch; dropout's draws follow from the seed, the epoch, the step and the process."""
        torch.manual_seed(_step_seed(self.seed, self.current_epoch, batch_idx, training_processes().rank))
        images, targets = batch
        logits = self.network(images.contiguous(memory_format=torch.channels_last))
        loss = masked_loss(logits, targets, spec=self.stage.loss, label_weights=self.label_weights)
        self.log("train/loss", loss, on_step=False, on_epoch=True, sync_dist=True, batch_size=len(images))
        return loss

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Collect logits and targets of one batch."""
        del batch_idx
        images, targets = batch
        logits = self.network(images.contiguous(memory_format=torch.channels_last)).float()
        part = self.stage.split.validation[dataloader_idx]
        self._outputs.setdefault(part, []).append((logits.cpu(), targets.cpu()))

    def on_validation_epoch_end(self) -> None:
        """Log the loss and the AUROC of every label on every validation part, over all processes."""
        for part in self.stage.split.validation:
            outputs = self._outputs.get(part, [])
            width = len(self.stage.labels)
            own = [torch.cat([torch.empty(0, width), *(rows[side] for rows in outputs)]) for side in (0, 1)]
            self._log_part(part, logits=gather_rows(own[0]), targets=gather_rows(own[1]))
        self._outputs = {}

    def on_train_epoch_end(self) -> None:
        """Refuse a loss that is no number; then step the schedules that look at a metric."""
        loss = float(self.trainer.callback_metrics["train/loss"])
        self._refuse(f"a training loss of {loss}", holds=math.isfinite(loss))
        for plateau, monitor in self._plateaus:
            plateau.step(float(self.trainer.callback_metrics[monitor]))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """The stage's optimiser, and its schedules that go by updates."""
        optimizer = build_optimizer(self.network, spec=self.stage.optimizer)
        total = int(self.trainer.estimated_stepping_batches)
        configs = lightning_schedules(
            optimizer,
            spec=self.stage.schedule,
            total_updates=total,
            updates_per_epoch=max(1, total // self.stage.epochs),
        )
        others = []
        self._plateaus = []
        for config in configs:
            scheduler = config["scheduler"]
            if isinstance(scheduler, ReduceLROnPlateau):
                self._plateaus.append((scheduler, str(config["monitor"])))
            else:
                others.append(config)
        for (plateau, _), state in zip(self._plateaus, self._plateau_states, strict=False):
            plateau.load_state_dict(state)
        return {"optimizer": optimizer, "lr_scheduler": others[0]} if others else optimizer

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the state of the schedules that are stepped here."""
        checkpoint[_PLATEAUS] = [plateau.state_dict() for plateau, _ in self._plateaus]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the state over when the schedules are made, which Lightning does later."""
        self._plateau_states = checkpoint[_PLATEAUS]

    def _log_part(self, part: str, *, logits: Tensor, targets: Tensor) -> None:
        self._refuse(f"logits on {part} that are no numbers", holds=bool(torch.isfinite(logits).all()))
        total, known = loss_sum(logits, targets, spec=self.stage.loss, label_weights=self.label_weights)
        self._log(f"{part}/loss", float(total / known.clamp(min=1)))
        values = []
        for column, label in enumerate(self.stage.labels):
            value = auroc(outcomes_of(targets[:, column].numpy()), scores=logits[:, column].numpy())
            if not isinstance(value, UndefinedMetric):
                values.append(value)
                self._log(f"{part}/auroc/{label}", value)
        self._log(f"{part}/labels_with_auroc", float(len(values)))
        self._log(f"{part}/mean_auroc", sum(values) / len(values) if values else math.nan)

    def _refuse(self, came: str, *, holds: bool) -> None:
        if not holds:
            raise DataError(
                f"expected finite numbers in training, came {came} in epoch {self.current_epoch + 1} of "
                f"{self.stage.name}; lower the learning rate, or train with --precision 32-true"
            )

    def _log(self, name: str, value: float) -> None:
        # every process has the same value, so there is nothing to synchronise
        self.log(name, torch.tensor(value, dtype=torch.float64).to(self.device, torch.float32), sync_dist=False)


def _step_seed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)

"""The Lightning module of the one training loop: runs a task by a plan.

A run that was stopped goes on exactly: the generator is seeded anew for every step, and schedules that look at a
metric are stepped before the checkpoint is written (Lightning steps them after it and forgets that on resuming).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from lightning import pytorch as pl
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from hilum.errors import DataError
from hilum.training.loop.over_processes import gather_outputs
from hilum.training.loop.task import LOSS, Batch, Task
from hilum.training.recipe.optimizers import build_optimizer
from hilum.training.recipe.plan import Plan
from hilum.training.recipe.processes import training_processes
from hilum.training.recipe.schedules import lightning_schedules

STARTED_FROM = "started_from"
_PLATEAUS = "plateaus"


class TaskModule(pl.LightningModule):
    """Trains the network of `task` as `plan` says; the validation loaders are those of `parts`, in order.

    Logs `train/loss`, and every figure F of every validation part P as `P/F`.
    """

    def __init__(
        self, task: Task, *, plan: Plan, seed: int, parts: Sequence[str] = (), started_from: str | None = None
    ) -> None:
        super().__init__()
        self.network = task.network  # a module of its own right, so that checkpoints and devices know it
        self.task, self.plan, self.seed, self.parts = task, plan, seed, tuple(parts)
        self._started_from = started_from
        self._outputs: dict[str, list[Mapping[str, Tensor]]] = {}
        self._plateaus: list[tuple[ReduceLROnPlateau, str]] = []
        self._plateau_states: list[dict[str, Any]] = []

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of one batch; dropout's draws follow from the seed, the epoch, the step and the process."""
        torch.manual_seed(_step_seed(self.seed, self.current_epoch, batch_idx, training_processes().rank))
        loss = self.task.loss(batch)
        self.log("train/loss", loss, on_step=False, on_epoch=True, sync_dist=True, batch_size=len(batch[0]))
        return loss

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Collect the outputs of one batch."""
        del batch_idx
        kept = {name: rows.cpu() for name, rows in self.task.outputs(batch).items()}
        self._outputs.setdefault(self.parts[dataloader_idx], []).append(kept)

    def on_validation_epoch_end(self) -> None:
        """Log the figures of every validation part, over all processes."""
        for part in self.parts:
            for name, value in self.task.figures(gather_outputs(self._outputs.get(part, []))).items():
                self._refuse(f"a loss of {value} on {part}", holds=name != LOSS or math.isfinite(value))
                self._log(f"{part}/{name}", value)
        self._outputs = {}

    def on_train_epoch_end(self) -> None:
        """Refuse a loss that is no number; then step the schedules that look at a metric."""
        loss = float(self.trainer.callback_metrics["train/loss"])
        self._refuse(f"a training loss of {loss}", holds=math.isfinite(loss))
        for plateau, monitor in self._plateaus:
            plateau.step(float(self.trainer.callback_metrics[monitor]))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """The plan's optimiser, and its schedules that go by updates."""
        optimizer = build_optimizer(self.network, spec=self.plan.optimizer)
        total = int(self.trainer.estimated_stepping_batches)
        configs = lightning_schedules(
            optimizer,
            spec=self.plan.schedule,
            total_updates=total,
            updates_per_epoch=max(1, total // self.plan.epochs),
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
        """Keep the state of the schedules that are stepped here, and what the weights started from."""
        checkpoint[STARTED_FROM] = self._started_from
        checkpoint[_PLATEAUS] = [plateau.state_dict() for plateau, _ in self._plateaus]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the state over when the schedules are made, which Lightning does later."""
        self._plateau_states = checkpoint[_PLATEAUS]

    def _refuse(self, met: str, *, holds: bool) -> None:
        if not holds:
            raise DataError(
                f"Training diverged in epoch {self.current_epoch + 1} of {self.plan.name}: {met}. Lower the learning "
                "rate, or train with --precision 32-true"
            )

    def _log(self, name: str, value: float) -> None:
        # every process has the same value, so there is nothing to synchronise
        self.log(name, torch.tensor(value, dtype=torch.float64).to(self.device, torch.float32), sync_dist=False)


def _step_seed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)

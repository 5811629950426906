"""Validation within epochs: one row for each in `log/validations.csv`, the best one kept, and an early stop.

All of it travels in the checkpoint, which is written at the end of an epoch: after a stop the epoch is run again, and
its validations find what they found.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from lightning import pytorch as pl
from lightning.pytorch.callbacks import Callback

from hilum.training.loop.checkpoints import BEST_CHECKPOINT, is_better
from hilum.training.loop.curves import Row, rows_as_csv
from hilum.training.recipe.plan import Selection
from hilum.whole_files import write_whole

VALIDATIONS_NAME = "validations.csv"
UPDATE, TRAINING_LOSS = "update", "train/loss"


class Validations(Callback):
    """Follows every validation of a training that validates within its epochs.

    `log` gets `validations.csv`: `update` counts the updates before it from 1, `epoch` from 0, `train/loss` is the mean
    over the batches since the validation before, the other columns are its figures. With `keep` `best`, `folder` gets
    `best.ckpt`. After `patience` validations in a row without a better value training stops.
    """

    def __init__(self, folder: Path, *, log: Path, selection: Selection) -> None:
        self._folder, self._log, self._selection = folder, log, selection
        self.rows: list[Row] = []
        self.best: float | None = None
        self.waited = 0
        self.stopped = False
        self._losses: list[torch.Tensor] = []

    def state_dict(self) -> dict[str, Any]:
        """What the validations so far found."""
        return {"rows": self.rows, "best": self.best, "waited": self.waited, "stopped": self.stopped}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self.rows, self.best = list(state_dict["rows"]), state_dict["best"]
        self.waited, self.stopped = state_dict["waited"], state_dict["stopped"]

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Count losses of this epoch alone: a checkpoint holds none of an epoch's, so a resumed run has no others."""
        del trainer, pl_module
        self._losses = []

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Keep the loss of the batch."""
        del trainer, pl_module, batch, batch_idx
        self._losses.append(outputs["loss"].detach())

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep the row, then the best, then see whether to stop."""
        del pl_module
        self._keep_row(trainer)
        value = float(trainer.callback_metrics[self._selection.metric])
        if is_better(value, than=self.best, mode=self._selection.mode):
            self.best, self.waited = value, 0
            if self._selection.keep == "best":
                trainer.save_checkpoint(self._folder / BEST_CHECKPOINT, weights_only=False)
            return
        self.waited += 1
        if self._selection.patience is not None and self.waited >= self._selection.patience:
            self.stopped = trainer.should_stop = True

    def _keep_row(self, trainer: pl.Trainer) -> None:
        figures = {name: float(value) for name, value in sorted(trainer.callback_metrics.items())}
        loss = trainer.strategy.reduce(torch.stack(self._losses).mean(), reduce_op="mean")
        self._losses = []
        counts = {UPDATE: float(trainer.global_step), "epoch": float(trainer.current_epoch)}
        self.rows.append({**counts, **figures, TRAINING_LOSS: float(loss)})
        if trainer.is_global_zero:
            write_whole(self._log / VALIDATIONS_NAME, rows_as_csv(self.rows))

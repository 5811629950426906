"""The Lightning module: loss, AdamW with a one-cycle schedule, and the validation AUROC after every epoch."""

from __future__ import annotations

import torch
from lightning import pytorch as pl
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from hilum.networks.pooled_classifier import PooledClassifier
from hilum.statistics.auroc import auroc
from hilum.statistics.outcomes import UndefinedMetric
from hilum.training.losses import masked_bce
from hilum.training.recipe import Recipe

Batch = tuple[Tensor, Tensor]


class ClassifierModule(pl.LightningModule):
    """Trains a `PooledClassifier` as the recipe says; `validation_names` names the validation loaders in order."""

    def __init__(self, network: PooledClassifier, *, recipe: Recipe, validation_names: tuple[str, ...]) -> None:
        super().__init__()
        self.network, self.recipe, self.validation_names = network, recipe, validation_names
        self._outputs: dict[str, list[Batch]] = {}

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The mean loss of one batch."""
        del batch_idx
        images, targets = batch
        logits = self.network(images.contiguous(memory_format=torch.channels_last))
        loss = masked_bce(logits, targets, label_smoothing=self.recipe.label_smoothing)
        self.log("train/loss", loss, on_step=True, on_epoch=True, prog_bar=True)
        return loss

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Collect logits and targets of one batch."""
        del batch_idx
        images, targets = batch
        logits = self.network(images.contiguous(memory_format=torch.channels_last)).float()
        self._outputs.setdefault(self.validation_names[dataloader_idx], []).append((logits, targets))

    def on_validation_epoch_end(self) -> None:
        """Log the loss and the AUROC of every label on every validation set."""
        for name, outputs in self._outputs.items():
            logits = torch.cat([logits for logits, _ in outputs])
            targets = torch.cat([targets for _, targets in outputs])
            self.log(f"{name}/loss", masked_bce(logits, targets, label_smoothing=0.0))
            for column, label in enumerate(self.recipe.labels):
                value = auroc(targets[:, column].cpu().numpy(), scores=logits[:, column].cpu().numpy())
                if not isinstance(value, UndefinedMetric):
                    self.log(f"{name}/auroc/{label}", value, prog_bar=True)
        self._outputs = {}

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW without weight decay on norms and biases; one cycle over all steps."""
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        others = [p for p in self.network.parameters() if p.ndim <= 1]
        groups = [
            {"params": decayed, "weight_decay": self.recipe.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=self.recipe.peak_learning_rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=self.recipe.peak_learning_rate,
            total_steps=int(self.trainer.estimated_stepping_batches),
            pct_start=0.2,
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

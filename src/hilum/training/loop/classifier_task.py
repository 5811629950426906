"""What a classifier of one or many labels learns: its loss over the known labels, and the AUROC of each label."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from hilum.datasets.records.label_values import outcomes_of
from hilum.statistics.auroc import auroc
from hilum.statistics.outcomes import UndefinedMetric
from hilum.training.loop.task import LOSS, Batch
from hilum.training.recipe.losses import Loss, loss_sum, masked_loss


class ClassifierTask:
    """Logits (N, L) of inputs (N, ...), pictures or pooled vectors, against targets (N, L), NaN where one is missing.

    `said` makes of the network's outputs (N, L) the logits that it says, by which labels are ranked; None where they
    are the outputs. Its figures of a validation part are `loss`, `auroc/LABEL` where both outcomes are there,
    `mean_auroc` over those labels, `labels_with_auroc`, how many they are, and of a network with one label `accuracy`,
    the share of pictures whose logit is above 0 where the target is 1, and not above where it is 0.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        labels: Sequence[str],
        loss: Loss,
        said: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.network = network
        self._labels, self._loss, self._said = tuple(labels), loss, said

    def loss(self, batch: Batch) -> Tensor:
        """The mean over the labels that are known in the batches of all processes."""
        return masked_loss(self._logits(batch), batch[1], loss=self._loss)

    def outputs(self, batch: Batch) -> Mapping[str, Tensor]:
        """Logits and targets."""
        return {"logits": self._logits(batch).float(), "targets": batch[1]}

    def figures(self, outputs: Mapping[str, Tensor]) -> Mapping[str, float]:
        """The loss and the AUROCs."""
        logits, targets = outputs["logits"], outputs["targets"]
        total, known = loss_sum(logits, targets, loss=self._loss)
        found = {LOSS: float(total / known.clamp(min=1))}
        if not bool(torch.isfinite(logits).all()):
            return {LOSS: math.nan}  # the loop refuses it; nothing can be ranked
        logits = logits if self._said is None else self._said(logits)
        values = []
        for column, label in enumerate(self._labels):
            value = auroc(outcomes_of(targets[:, column].numpy()), scores=logits[:, column].numpy())
            if not isinstance(value, UndefinedMetric):
                values.append(value)
                found[f"auroc/{label}"] = value
        if len(self._labels) == 1:
            sure = (targets == 0) | (targets == 1)
            found["accuracy"] = float(((logits > 0) == (targets > 0.5))[sure].float().mean())
        mean = sum(values) / len(values) if values else math.nan
        return {**found, "labels_with_auroc": float(len(values)), "mean_auroc": mean}

    def _logits(self, batch: Batch) -> Tensor:
        logits: Tensor = self.network(batch[0].contiguous(memory_format=torch.channels_last))
        return logits

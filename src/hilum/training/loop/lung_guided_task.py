"""What a classifier learns that is taught where the lungs are, beside what its labels teach."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from hilum.errors import UsageError
from hilum.networks.lung_pooled import LungAttendedClassifier, pictures_and_lungs
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.loop.classifier_task import ClassifierTask
from hilum.training.loop.task import Batch
from hilum.training.recipe.losses import Loss, masked_loss
from hilum.training.recipe.lung_guidance import LungGuidance
from hilum.training.recipe.processes import sum_over_processes, training_processes


class LungGuidedTask(ClassifierTask):
    """Pictures of training have one plane more, (N, C + 1, H, W): how much of each pixel is lung, from 0 to 1.

    A plane of ones is that of a picture whose lungs are not known. Validation is that of a plain classifier.
    """

    def __init__(
        self,
        network: PooledClassifier,
        *,
        labels: Sequence[str],
        loss: Loss,
        guidance: LungGuidance,
        said: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__(network, labels=labels, loss=loss, said=said)
        self._guided, self._guidance, self._of_labels = network, guidance, loss

    def loss(self, batch: Batch) -> Tensor:
        """The mean over the known labels, and `weight` times the mean over the pictures whose lungs are known."""
        pictures, planes = pictures_and_lungs(batch[0])
        network = self._guided
        if self._guidance.by == "penalty":
            logits, maps = network.forward_with_maps(pictures)
            each = outside_share(maps.float(), lungs=_in_cells(planes, like=maps))
        else:
            if not isinstance(network, LungAttendedClassifier):
                raise UsageError(f"lung_guidance by attention needs a network that has it; {network.name} has none")
            logits, scores = network.forward_with_scores(pictures)
            each = _cross_entropy(scores, lungs=_in_cells(planes, like=scores))
        known = (planes.amin(dim=(-3, -2, -1)) < 1).float()
        many = sum_over_processes(known.sum()).clamp(min=1) / training_processes().count
        labels = masked_loss(logits, batch[1], loss=self._of_labels)
        return labels + self._guidance.weight * (each * known).sum() / many


def outside_share(maps: Tensor, *, lungs: Tensor) -> Tensor:
    """The share (N,) of |class maps| (N, L, h, w) outside the lungs, whose share of each cell is (N, 1, h, w).

    The mean over the labels; 0 of a map that is 0 everywhere.
    """
    sizes = maps.abs()
    inside, whole = (sizes * lungs).sum(dim=(-2, -1)), sizes.sum(dim=(-2, -1))
    return ((whole - inside) / whole.clamp(min=torch.finfo(whole.dtype).tiny)).mean(dim=-1)


def _cross_entropy(scores: Tensor, *, lungs: Tensor) -> Tensor:
    """Of the attention's scores (N, 1, h, w), the mean (N,) over the cells."""
    return functional.binary_cross_entropy_with_logits(scores, lungs, reduction="none").mean(dim=(-3, -2, -1))


def _in_cells(planes: Tensor, *, like: Tensor) -> Tensor:
    """The share of each cell that is lung, (N, 1, h, w)."""
    rows, columns = like.shape[-2:]
    return functional.adaptive_avg_pool2d(planes.float(), (rows, columns))

"""What two looks learn: three losses of one batch, and the figures of each head on validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from hilum.networks.two_looks import ThreeLogits, TwoLooks
from hilum.training.loop.classifier_task import ClassifierTask
from hilum.training.loop.task import LOSS, Batch
from hilum.training.recipe.losses import Loss, masked_loss

WHOLE, CROP, FUSED = "whole", "crop", "fused"


class TwoLooksTask:
    """Pictures (N, 1, H, W) against rows (N, L + M): the labels, NaN where one is missing, then what is known.

    The figures of a validation part are those of a `ClassifierTask` for the fused logits, and `HEAD_loss` and
    `HEAD_mean_auroc` of `whole` and `crop`. In training each thing known is forgotten with `unknown_probability`.
    """

    def __init__(self, network: TwoLooks, *, labels: Sequence[str], loss: Loss, unknown_probability: float) -> None:
        self.network = network
        self._labels, self._loss, self._unknown_probability = tuple(labels), loss, unknown_probability
        self._judge = ClassifierTask(network, labels=labels, loss=loss)

    def loss(self, batch: Batch) -> Tensor:
        """The sum of the three heads' mean losses over the labels that are known in the batches of all processes."""
        picture, targets, about = self._parted(batch)
        about = self.network.forgotten(about, probability=self._unknown_probability)
        whole, crop, fused = self.network(picture, about)
        return sum(
            (masked_loss(logits, targets, loss=self._loss) for logits in (crop, fused)),
            start=masked_loss(whole, targets, loss=self._loss),
        )

    def outputs(self, batch: Batch) -> Mapping[str, Tensor]:
        """The logits of all three heads, and the targets."""
        picture, targets, about = self._parted(batch)
        found: ThreeLogits = self.network(picture, about)
        said = {WHOLE: found.whole, CROP: found.crop, FUSED: found.fused}
        return {**{name: logits.float() for name, logits in said.items()}, "targets": targets}

    def figures(self, outputs: Mapping[str, Tensor]) -> Mapping[str, float]:
        """The fused logits' figures under their own names, as training is steered by them; then the other heads'."""
        found = dict(self._figures(FUSED, outputs=outputs))
        for head in (WHOLE, CROP):
            own = self._figures(head, outputs=outputs)
            found |= {f"{head}_{name}": own[name] for name in (LOSS, "mean_auroc") if name in own}
        return found

    def _figures(self, head: str, *, outputs: Mapping[str, Tensor]) -> Mapping[str, float]:
        return self._judge.figures({"logits": outputs[head], "targets": outputs["targets"]})

    def _parted(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        picture, rows = batch
        return picture, rows[:, : len(self._labels)], rows[:, len(self._labels) :]

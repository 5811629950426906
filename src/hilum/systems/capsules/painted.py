"""What capsules learn: their labels, and to paint the picture that they saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from hilum.networks.capsules.network import CapsuleNetwork, CapsuleShape, Painter, Painting
from hilum.networks.capsules.routing import length_logits, squash
from hilum.training.loop.classifier_task import ClassifierTask
from hilum.training.loop.task import Batch
from hilum.training.recipe.losses import Loss, masked_loss

PAINTING_LOSS = "painting_loss"


class PaintedCapsules(nn.Module):
    """A capsule network, and what paints a picture of its capsules while it learns; None where nothing does."""

    def __init__(self, shape: CapsuleShape, *, labels: int, painting: Painting | None) -> None:
        super().__init__()
        self.network = CapsuleNetwork(shape, labels=labels)
        self.painting = painting
        self.painter = None if painting is None else Painter(painting, labels=labels, above=shape.above)

    def forward(self, pictures: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, L) of pictures (N, 1, H, W) in [0, 1], and what painting each of them costs (N,), weighted."""
        sums = self.network.sums(pictures)
        logits = length_logits(sums)
        if self.painter is None or self.painting is None:
            return logits, logits.new_zeros(len(logits))
        return logits, self.painting.weight * self.painter.differences(squash(sums), targets, pictures)


class CapsuleTask:
    """Pictures (N, 1, H, W) in [0, 1] against targets (N, L), NaN where one is missing.

    The mean loss over the labels, and what painting costs over their number: their ratio is that of the paper's sums.
    The figures of a validation part are a `ClassifierTask`'s, whose `loss` is that of the labels alone, and
    `painting_loss`, the mean of what painting costs, where pictures are painted.
    """

    def __init__(self, network: PaintedCapsules, *, labels: Sequence[str], loss: Loss) -> None:
        self.network = network
        self._loss = loss
        self._judge = ClassifierTask(network.network, labels=labels, loss=loss)

    def loss(self, batch: Batch) -> Tensor:
        """The loss of one batch."""
        pictures, targets = batch
        logits: Tensor
        painted: Tensor
        logits, painted = self.network(pictures, targets)
        return masked_loss(logits, targets, loss=self._loss) + painted.mean() / logits.shape[1]

    def outputs(self, batch: Batch) -> Mapping[str, Tensor]:
        """Logits, targets, and what painting costs."""
        logits, painted = self.network(*batch)
        return {"logits": logits.float(), "targets": batch[1], PAINTING_LOSS: painted}

    def figures(self, outputs: Mapping[str, Tensor]) -> Mapping[str, float]:
        """The labels' figures, and that of painting."""
        found = dict(self._judge.figures(outputs))
        if self.network.painter is not None:
            found[PAINTING_LOSS] = float(outputs[PAINTING_LOSS].mean())
        return found

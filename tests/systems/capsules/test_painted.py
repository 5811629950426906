import math

import pytest
import torch

from hilum.networks.capsules.network import CapsuleShape, Painting
from hilum.systems.capsules.painted import PAINTING_LOSS, CapsuleTask, PaintedCapsules
from hilum.training.recipe.losses import fit_loss
from hilum.training.recipe.margin_loss import MarginLoss

LABELS = ("Effusion", "Nodule")
TARGETS = torch.tensor([[1.0, 0.0], [0.0, math.nan], [1.0, 1.0], [0.0, 0.0]])
SHAPE = CapsuleShape(channels=4, kinds=2, below=3, above=4)


def task_of(painting: Painting | None) -> CapsuleTask:
    torch.manual_seed(0)
    network = PaintedCapsules(SHAPE, labels=2, painting=painting)
    return CapsuleTask(network, labels=LABELS, loss=fit_loss(MarginLoss(), targets=TARGETS.numpy(), labels=LABELS))


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(1)), TARGETS


def margins(task: CapsuleTask) -> float:
    """Equation 4 of Sabour et al. 2017 over the seven labels that are known, of the lengths of the capsules."""
    lengths = task.network.network.capsules(batch()[0]).norm(dim=-1).tolist()
    losses = [
        max(0.0, 0.9 - length) ** 2 if target else 0.5 * max(0.0, length - 0.1) ** 2
        for row, targets in zip(lengths, TARGETS.tolist(), strict=True)
        for length, target in zip(row, targets, strict=True)
        if not math.isnan(target)
    ]
    return sum(losses) / len(losses)


def test_the_loss_is_that_of_the_labels_and_of_painting_as_the_paper_weighs_them():
    task = task_of(Painting(weight=0.01, hidden=(8, 8)))
    pictures, targets = batch()
    network = task.network
    painted = network.painter(network.network.capsules(pictures), targets)
    each = ((painted - pictures) ** 2).sum(dim=(1, 2, 3)).mean()
    assert task.loss(batch()).item() == pytest.approx(margins(task) + 0.01 * each.item() / 2, rel=1e-3)


def test_without_painting_labels_are_all():
    task = task_of(None)
    assert task.network.painter is None
    assert task.loss(batch()).item() == pytest.approx(margins(task), rel=1e-3)
    with torch.inference_mode():
        figures = task.figures(task.outputs(batch()))
    assert PAINTING_LOSS not in figures
    assert figures["labels_with_auroc"] == 2


def test_training_is_steered_by_the_labels_and_painting_stands_beside():
    task = task_of(Painting(weight=0.01, hidden=(8, 8)))
    with torch.inference_mode():
        figures = task.figures(task.outputs(batch()))
        painted = task.network(*batch())[1].mean().item()
    assert figures["loss"] == pytest.approx(margins(task), rel=1e-3)
    assert figures[PAINTING_LOSS] == pytest.approx(painted)

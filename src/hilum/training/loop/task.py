"""What is learnt, apart from the loop that learns it: a network, its loss, and the figures of its validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from hilum.training.recipe.samplers import SeededSampler

Batch = tuple[Tensor, Tensor]
"""Inputs (N, ...) and targets (N, ...)."""

Items = Dataset[tuple[Tensor, Tensor]]
"""Single inputs and targets; a training set is indexed by a draw (image, seed), a validation set by the image."""

LOSS = "loss"
"""The figure that every validation part has."""


class Task(Protocol):
    """One thing to learn. The loop owns seeds, devices, averaging, checkpoints and curves; a task owns none of them."""

    @property
    def network(self) -> nn.Module:
        """What is trained."""

    def loss(self, batch: Batch) -> Tensor:
        """The mean loss of one batch over all processes, a scalar."""

    def outputs(self, batch: Batch) -> Mapping[str, Tensor]:
        """What is kept of a validation batch, each (N, ...)."""

    def figures(self, outputs: Mapping[str, Tensor]) -> Mapping[str, float]:
        """The figures of one validation part, from the outputs of all its batches; `loss` is among them."""


class UnwatchedTask:
    """A network and the loss of its outputs against the targets; nothing is watched: a study judges it afterwards."""

    def __init__(self, network: nn.Module, *, loss: Callable[[Tensor, Tensor], Tensor]) -> None:
        self.network = network
        self._loss = loss

    def loss(self, batch: Batch) -> Tensor:
        """The loss of one batch, a scalar."""
        images, targets = batch
        return self._loss(self.network(images.contiguous(memory_format=torch.channels_last)), targets)

    def outputs(self, batch: Batch) -> Mapping[str, Tensor]:
        """Nothing is kept."""
        del batch
        return {}

    def figures(self, outputs: Mapping[str, Tensor]) -> Mapping[str, float]:
        """There are none."""
        del outputs
        return {}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TaskData:
    """What a task learns from and is watched on; `validation` has each part's items and how many they are.

    `started_from` is one line on the weights that its network has now, where there is anything to say of them. With
    `population` validations go by statistics of what the sampler draws, in the place of running averages.
    """

    training: Items
    sampler: SeededSampler
    validation: Mapping[str, tuple[Items, int]] = field(default_factory=dict)
    started_from: str | None = None
    population: bool = False


MakeTask = Callable[[], tuple[Task, TaskData]]
"""Called only where there is something to train."""

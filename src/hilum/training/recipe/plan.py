"""What every recipe says of its training loop: optimiser, schedule, length, batches, and which weights are kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

from hilum.errors import require
from hilum.training.recipe.freezing import FreezingSpec
from hilum.training.recipe.machine import Precision
from hilum.training.recipe.optimizers import OptimizerSpec
from hilum.training.recipe.schedules import ScheduleSpec

_check = partial(require, "The recipe")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which epoch's weights a training ends with, decided on the validation part `part`.

    `keep` the `last` epoch (nothing is chosen by a score) or the `best` by `monitor`. After `patience` epochs without a
    better value training stops; None never stops early. Where a plan validates within epochs (`validate_every`), both
    go by validations in the place of epochs.
    """

    part: str
    keep: Literal["last", "best"] = "last"
    monitor: Literal["loss", "mean_auroc"] = "loss"
    patience: int | None = None

    def __post_init__(self) -> None:
        _check(self.patience is None or self.patience >= 1, "a patience of at least 1, or none", self.patience)

    @property
    def metric(self) -> str:
        """The name under which the monitored value is logged."""
        return f"{self.part}/{self.monitor}"

    @property
    def mode(self) -> Literal["min", "max"]:
        """Which way is better."""
        return "min" if self.monitor == "loss" else "max"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one network is trained, whatever it learns; `name` is for messages.

    Without a `selection` the last epoch is kept. One update takes `accumulate` batches of `batch_size`. `clip_norm` is
    the largest norm of the gradient. `ema_decay` averages the weights over the updates; the averaged ones are validated
    and kept. `deterministic` refuses operations whose result depends on the order of threads. With `validate_every` it
    is validated after so many updates, counted over the whole training, and not at the end of each epoch.
    """

    name: str
    optimizer: OptimizerSpec
    schedule: ScheduleSpec
    epochs: int
    batch_size: int
    selection: Selection | None = None
    ema_decay: float | None = None
    accumulate: int = 1
    clip_norm: float | None = None
    freezing: FreezingSpec | None = None
    precision: Precision = "bf16-mixed"
    deterministic: bool = False
    validate_every: int | None = None

    def __post_init__(self) -> None:
        counts = min(self.epochs, self.batch_size, self.accumulate)
        _check(counts >= 1, "epochs, batch_size, accumulate >= 1", self.name)
        _check(self.ema_decay is None or 0.0 < self.ema_decay < 1.0, "an ema_decay in (0, 1), or none", self.ema_decay)
        _check(self.clip_norm is None or self.clip_norm > 0, "a clip_norm above 0, or none", self.clip_norm)
        every = self.validate_every
        _check(every is None or every >= 1, "a validate_every of at least 1 update, or none", every)
        plain = self.selection is not None and self.accumulate == 1
        _check(every is None or plain, "a selection and no accumulated batches with a validate_every", self.name)


class PlainRecipe(Protocol):
    """What a recipe of one network says of its loop, where the last epoch is kept and nothing is frozen."""

    @property
    def name(self) -> str:
        """What the recipe is called."""

    @property
    def optimizer(self) -> OptimizerSpec:
        """The optimiser, with the highest learning rate."""

    @property
    def schedule(self) -> ScheduleSpec:
        """What becomes of the learning rate."""

    @property
    def epochs(self) -> int:
        """How many."""

    @property
    def batch_size(self) -> int:
        """Images in a batch."""

    @property
    def precision(self) -> Precision:
        """Lightning's."""

    @property
    def seed(self) -> int:
        """Of order, augmentation and random weights."""


def plain_plan(recipe: PlainRecipe, *, ema_decay: float | None = None) -> Plan:
    """The plan of such a recipe; `ema_decay` averages the weights over the updates.

    Raises `UsageError` as `Plan` does, and for a seed below 0.
    """
    _check(recipe.seed >= 0, "a seed of at least 0", recipe.seed)
    return Plan(
        name=recipe.name,
        optimizer=recipe.optimizer,
        schedule=recipe.schedule,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        ema_decay=ema_decay,
        precision=recipe.precision,
    )

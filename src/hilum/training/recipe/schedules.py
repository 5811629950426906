"""Schedules of the learning rate, as frozen settings and one function that gives Lightning what it needs.

The optimizer's learning rate is the highest that a schedule reaches. An update is one step of the optimizer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lightning.pytorch.utilities.types import LRSchedulerConfigType
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, MultiplicativeLR, OneCycleLR, ReduceLROnPlateau

from hilum.errors import UsageError

_EPSILON = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """The learning rate stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plateau:
    """Multiply by `factor` when `monitor` has not become better for more than `patience` epochs (torch's count).

    "After k epochs without a better value" (Keras's count, papers 2 and 3) is `patience` k - 1. `monitor` is the name
    of a logged value, `mode` says whether small or large is good. Better means by a ten-thousandth of the best.
    """

    monitor: str
    mode: Literal["min", "max"] = "min"
    factor: float = 0.1
    patience: int = 3
    min_learning_rate: float = 0.0

    def __post_init__(self) -> None:
        _check(0.0 < self.factor < 1.0, "factor", "between 0 and 1", self.factor)
        _check(self.patience >= 0, "patience", "at least 0", self.patience)
        _check(0.0 <= self.min_learning_rate < math.inf, "min_learning_rate", "at least 0", self.min_learning_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosine:
    """Up in a straight line over the share `warm_up` of all updates, then down half a cosine to the share `final`."""

    warm_up: float = 0.05
    final: float = 0.0

    def __post_init__(self) -> None:
        _check_share("warm_up", self.warm_up)
        _check_share("final", self.final)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneCycle:
    """From 1 / `start_divisor` up over the share `warm_up` of all updates, down to 1 / `final_divisor` of the start.

    Smith and Topin 2018, as torch has it; with `cycle_momentum` momentum (or beta 1) runs 0.95, 0.85, 0.95.
    """

    warm_up: float = 0.3
    start_divisor: float = 25.0
    final_divisor: float = 1e4
    cycle_momentum: bool = True

    def __post_init__(self) -> None:
        _check_share("warm_up", self.warm_up)
        _check(0.0 < self.start_divisor < math.inf, "start_divisor", "above 0", self.start_divisor)
        _check(0.0 < self.final_divisor < math.inf, "final_divisor", "above 0", self.final_divisor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Triangular:
    """From the share `lowest` up in a straight line over `half_cycle_epochs`, down as long, and again (Smith 2017)."""

    lowest: float = 0.1
    half_cycle_epochs: float = 4.0

    def __post_init__(self) -> None:
        _check_share("lowest", self.lowest)
        _check(0.0 < self.half_cycle_epochs < math.inf, "half_cycle_epochs", "above 0", self.half_cycle_epochs)


@dataclass(frozen=True, slots=True, kw_only=True)
class KerasDecay:
    """Keras's `decay` (Liu et al. 2019): divided by 1 + `decay` t at update t, from 0; with a `plateau` both apply."""

    decay: float = 0.0
    plateau: Plateau | None = None

    def __post_init__(self) -> None:
        _check(0.0 <= self.decay < math.inf, "decay", "at least 0", self.decay)


ScheduleSpec = Constant | Plateau | Cosine | OneCycle | Triangular | KerasDecay


def lightning_schedules(
    optimizer: Optimizer, *, spec: ScheduleSpec, total_updates: int, updates_per_epoch: int
) -> list[LRSchedulerConfigType]:
    """No, one or two schedulers as Lightning describes them: a scheduler, its interval, and what it watches.

    `total_updates` is `trainer.estimated_stepping_batches`. Their states, which a checkpoint keeps, are plain numbers,
    so that a run that was stopped goes on with the learning rate that it would have had.
    """
    match spec:
        case Constant():
            return []
        case Plateau():
            return [_plateau(optimizer, spec=spec)]
        case Cosine():
            return [_each_update(LambdaLR(optimizer, cosine_factor(spec, total_updates=total_updates)))]
        case Triangular():
            return [_each_update(LambdaLR(optimizer, triangular_factor(spec, updates_per_epoch=updates_per_epoch)))]
        case OneCycle():
            return [_each_update(_one_cycle(optimizer, spec=spec, total_updates=total_updates))]
        case KerasDecay():
            # as a ratio of neighbouring updates, so that it goes together with the plateau's factors
            ratio = MultiplicativeLR(optimizer, lambda t: (1 + spec.decay * (t - 1)) / (1 + spec.decay * t))
            return [_each_update(ratio), *([] if spec.plateau is None else [_plateau(optimizer, spec=spec.plateau)])]


def cosine_factor(spec: Cosine, *, total_updates: int) -> Callable[[int], float]:
    """The share of the highest learning rate at update t, from 0; the first update of a warm-up has one step of it."""
    rise = round(spec.warm_up * total_updates)

    def factor(t: int) -> float:
        if t < rise:
            return (t + 1) / rise
        done = min(1.0, (t - rise) / max(1, total_updates - 1 - rise))
        return spec.final + (1 - spec.final) * (1 + math.cos(math.pi * done)) / 2

    return factor


def triangular_factor(spec: Triangular, *, updates_per_epoch: int) -> Callable[[int], float]:
    """The share of the highest learning rate at update t, from 0."""
    half = max(1, round(spec.half_cycle_epochs * updates_per_epoch))

    def factor(t: int) -> float:
        away = abs(t % (2 * half) - half) / half  # 1 at the ends of a cycle, 0 at its top
        return spec.lowest + (1 - spec.lowest) * (1 - away)

    return factor


def _one_cycle(optimizer: Optimizer, *, spec: OneCycle, total_updates: int) -> OneCycleLR:
    # torch divides by the length of the warm-up less one update
    one_update = abs(spec.warm_up * total_updates - 1) < _EPSILON
    return OneCycleLR(
        optimizer,
        max_lr=[float(group["lr"]) for group in optimizer.param_groups],
        total_steps=total_updates,
        pct_start=spec.warm_up + _EPSILON if one_update else spec.warm_up,
        div_factor=spec.start_divisor,
        final_div_factor=spec.final_divisor,
        cycle_momentum=spec.cycle_momentum,
    )


def _plateau(optimizer: Optimizer, *, spec: Plateau) -> LRSchedulerConfigType:
    scheduler = ReduceLROnPlateau(
        optimizer, mode=spec.mode, factor=spec.factor, patience=spec.patience, min_lr=spec.min_learning_rate
    )
    return {"scheduler": scheduler, "interval": "epoch", "monitor": spec.monitor}


def _each_update(scheduler: LambdaLR | MultiplicativeLR | OneCycleLR) -> LRSchedulerConfigType:
    return {"scheduler": scheduler, "interval": "step"}


def _check_share(name: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise UsageError(f"{name} of the schedule must lie between 0 and 1; given: {value}")


def _check(holds: bool, name: str, needed: str, given: object) -> None:
    if not holds:
        raise UsageError(f"{name} of the schedule must be {needed}; given: {given}")

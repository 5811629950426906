"""Optimizers of the recipes, as frozen settings and one function that builds them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import Optimizer

from hilum.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Sgd:
    """Stochastic gradient descent; `weight_decay` is added to the gradient of every parameter (L2)."""

    learning_rate: float
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        _check_rates(self.learning_rate, weight_decay=self.weight_decay)
        _check(0.0 <= self.momentum < 1.0, "a momentum in [0, 1)", self.momentum)
        _check(self.momentum > 0.0 or not self.nesterov, "a momentum above 0 with nesterov", self.momentum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adam:
    """Adam (Kingma and Ba 2015); `weight_decay` is added to the gradient of every parameter (L2).

    Keras's `decay` of the learning rate is the schedule `KerasDecay`; Keras's `epsilon` is 1e-7.
    """

    learning_rate: float
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        _check_rates(self.learning_rate, weight_decay=self.weight_decay)
        _check_moments(self.betas, epsilon=self.epsilon)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdamW:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019); norms and biases do not decay."""

    learning_rate: float
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        _check_rates(self.learning_rate, weight_decay=self.weight_decay)
        _check_moments(self.betas, epsilon=self.epsilon)


@dataclass(frozen=True, slots=True, kw_only=True)
class RAdam:
    """Rectified Adam (Liu et al. 2020); `weight_decay` is added to the gradient of every parameter (L2)."""

    learning_rate: float
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        _check_rates(self.learning_rate, weight_decay=self.weight_decay)
        _check_moments(self.betas, epsilon=self.epsilon)


OptimizerSpec = Sgd | Adam | AdamW | RAdam


def build_optimizer(network: nn.Module, *, spec: OptimizerSpec) -> Optimizer:
    """The optimizer over all parameters of `network`; frozen ones are passed over while they have no gradient."""
    match spec:
        case Sgd():
            return torch.optim.SGD(
                network.parameters(),
                lr=spec.learning_rate,
                momentum=spec.momentum,
                nesterov=spec.nesterov,
                weight_decay=spec.weight_decay,
            )
        case AdamW():
            decayed = [p for p in network.parameters() if p.ndim > 1]
            others = [p for p in network.parameters() if p.ndim <= 1]
            groups = [{"params": decayed, "weight_decay": spec.weight_decay}, {"params": others, "weight_decay": 0.0}]
            return torch.optim.AdamW(groups, lr=spec.learning_rate, betas=spec.betas, eps=spec.epsilon)
        case Adam():
            kind: type[torch.optim.Adam] | type[torch.optim.RAdam] = torch.optim.Adam
        case RAdam():
            kind = torch.optim.RAdam
    return kind(
        network.parameters(), lr=spec.learning_rate, betas=spec.betas, eps=spec.epsilon, weight_decay=spec.weight_decay
    )


def _check_rates(learning_rate: float, *, weight_decay: float) -> None:
    _check(0.0 <= learning_rate < math.inf, "a learning_rate of at least 0", learning_rate)
    _check(0.0 <= weight_decay < math.inf, "a weight_decay of at least 0", weight_decay)


def _check_moments(betas: tuple[float, float], *, epsilon: float) -> None:
    _check(all(0.0 <= beta < 1.0 for beta in betas), "betas in [0, 1)", betas)
    _check(0.0 <= epsilon < math.inf, "an epsilon of at least 0", epsilon)


def _check(holds: bool, needed: str, given: object) -> None:
    if not holds:
        raise UsageError(f"The optimizer needs {needed}; given: {given}")

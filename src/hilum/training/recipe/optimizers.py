"""Optimizers of the recipes, as frozen settings and one function that builds them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import Optimizer


@dataclass(frozen=True, slots=True, kw_only=True)
class Sgd:
    """Stochastic gradient descent; `weight_decay` is added to the gradient of every parameter (L2)."""

    learning_rate: float
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Adam:
    """Adam (Kingma and Ba 2015); `weight_decay` is added to the gradient of every parameter (L2).

    Keras's `decay` of the learning rate is the schedule `KerasDecay`; Keras's `epsilon` is 1e-7.
    """

    learning_rate: float
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AdamW:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019); norms and biases do not decay."""

    learning_rate: float
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class RAdam:
    """Rectified Adam (Liu et al. 2020); `weight_decay` is added to the gradient of every parameter (L2)."""

    learning_rate: float
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.0


OptimizerSpec = Sgd | Adam | AdamW | RAdam


def build_optimizer(network: nn.Module, *, spec: OptimizerSpec) -> Optimizer:
    """The optimizer over all parameters of `network`; frozen ones are passed over while they have no gradient.

    Raises `ValueError` of torch for a value out of its range.
    """
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

"""Losses over logits (N, L) and targets (N, L) in [0, 1], with NaN where a label is missing.

A missing label counts for nothing and gets no gradient. The mean runs over the labels that are known in the batches of
all processes, so that several processes follow one that has their batches in one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch user reads)

from hilum.errors import require
from hilum.training.recipe.distribution_balanced import DistributionBalanced, FittedDistributionBalanced
from hilum.training.recipe.hierarchical import Hierarchical, hierarchical_loss, tree_of, unconditional_logits
from hilum.training.recipe.label_weights import LabelWeights, Weighting, label_weights
from hilum.training.recipe.margin_loss import MarginLoss, margin
from hilum.training.recipe.processes import sum_over_processes, training_processes
from hilum.training.recipe.settings import OWN_MEANING

_check = partial(require, "The loss")


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryCrossEntropy:
    """-w+ y log p - w- (1 - y) log(1 - p), with the weights of `label_weights.py`.

    `label_smoothing` s in [0, 1) moves a target y to y (1 - s) + s / 2.
    """

    label_smoothing: float = 0.0
    weighting: Weighting = "none"

    def __post_init__(self) -> None:
        _check(0.0 <= self.label_smoothing < 1.0, "a label smoothing in [0, 1)", self.label_smoothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Focal:
    """-a_t (1 - p_t)^gamma log p_t; a_t is `alpha` for a positive, 1 - alpha for a negative (Lin et al. 2017, eq. 5).

    `gamma` >= 0, `alpha` in [0, 1]; None leaves a_t out (their equation 4).
    """

    gamma: float = 2.0
    alpha: float | None = field(default=0.25, metadata=OWN_MEANING)

    def __post_init__(self) -> None:
        _check(self.gamma >= 0.0, "a gamma >= 0", self.gamma)
        _check(self.alpha is None or 0.0 <= self.alpha <= 1.0, "an alpha in [0, 1] or None", self.alpha)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asymmetric:
    """-y (1 - p)^gamma_positive log p - (1 - y) q^gamma_negative log(1 - q), with q = max(p - clip, 0).

    Ridnik et al. 2021, equations 5 to 7, with their values. Both gammas >= 0, `clip` in [0, 1).
    """

    gamma_positive: float = 0.0
    gamma_negative: float = 4.0
    clip: float = 0.05

    def __post_init__(self) -> None:
        _check(self.gamma_positive >= 0.0, "a gamma_positive >= 0", self.gamma_positive)
        _check(self.gamma_negative >= 0.0, "a gamma_negative >= 0", self.gamma_negative)
        _check(0.0 <= self.clip < 1.0, "a clip in [0, 1)", self.clip)


LossSpec = BinaryCrossEntropy | Focal | Asymmetric | DistributionBalanced | Hierarchical | MarginLoss

Loss = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""From logits (N, L) and targets (N, L) in [0, 1], NaN where missing, to the sum over the known and their number."""


def fit_loss(spec: LossSpec, *, targets: npt.ArrayLike, labels: Sequence[str]) -> Loss:
    """The loss of `spec`, with what it needs to know of the training `targets` (N, L), NaN where a label is missing.

    Raises `DataError` naming the labels that lack an outcome which the loss is fitted on, and `UsageError` where the
    loss names a label that is none of them.
    """
    match spec:
        case BinaryCrossEntropy():
            weights = label_weights(targets, labels=labels, weighting=spec.weighting)
            return partial(_sum_of_known, each=partial(_cross_entropy, spec=spec, label_weights=weights))
        case Focal():
            return partial(_sum_of_known, each=partial(_focal, spec=spec))
        case Asymmetric():
            return partial(_sum_of_known, each=partial(_asymmetric, spec=spec))
        case DistributionBalanced():
            return FittedDistributionBalanced(spec, targets=targets, labels=labels)
        case MarginLoss():
            return partial(_sum_of_known, each=partial(margin, spec=spec))
        case Hierarchical():
            return partial(hierarchical_loss, tree=tree_of(spec, labels=labels), probability=spec.probability)


def said_logits(spec: LossSpec, outputs: Tensor, *, labels: Sequence[str]) -> Tensor:
    """The logits (N, L) that a network says which was trained by `spec`, from its `outputs` (N, L).

    They are the outputs, but of labels in a tree, whose outputs are conditional.
    """
    if isinstance(spec, Hierarchical):
        return unconditional_logits(outputs, tree=tree_of(spec, labels=labels))
    return outputs


def told_labels(spec: LossSpec, *, labels: Sequence[str]) -> tuple[str, ...]:
    """Those of the network's labels of which somebody is told: all but the groups of a tree."""
    return spec.told(labels) if isinstance(spec, Hierarchical) else tuple(labels)


def masked_loss(logits: Tensor, targets: Tensor, *, loss: Loss) -> Tensor:
    """The mean loss over the labels that are known in the batches of all processes; zero where none is.

    The mean of this value over the processes, and of its gradient, as `DistributedDataParallel` takes it, is that of
    one process with all the batches. Every process must call it. Where gradients are accumulated, each batch is a mean
    of its own.
    """
    total, known = loss_sum(logits, targets, loss=loss)
    return total * training_processes().count / sum_over_processes(known).clamp(min=1)


def loss_sum(logits: Tensor, targets: Tensor, *, loss: Loss) -> tuple[Tensor, Tensor]:
    """The sum of the loss over this batch's known labels, and how many they are; their ratio is the mean.

    For a mean over a whole validation set: sum both over its batches, then divide.
    """
    return loss(logits.float(), targets)


def _sum_of_known(
    logits: Tensor, targets: Tensor, *, each: Callable[[Tensor, Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """The sum of the losses of `each` (N, L) label, which sees no NaN."""
    known = ~torch.isnan(targets)
    losses = each(logits, torch.where(known, targets, 0.0))
    return (losses * known).sum(), known.sum()


def _cross_entropy(
    logits: Tensor, targets: Tensor, *, spec: BinaryCrossEntropy, label_weights: LabelWeights | None
) -> Tensor:
    smooth = targets * (1 - spec.label_smoothing) + spec.label_smoothing / 2
    if label_weights is None:
        return F.binary_cross_entropy_with_logits(logits, smooth, reduction="none")
    positive, negative = logits.new_tensor(label_weights.positive), logits.new_tensor(label_weights.negative)
    return positive * smooth * F.softplus(-logits) + negative * (1 - smooth) * F.softplus(logits)


def _focal(logits: Tensor, targets: Tensor, *, spec: Focal) -> Tensor:
    # (1 - p)^gamma as exp(gamma log(1 - p)): finite, and with a finite gradient, for every logit and gamma
    positive = targets * torch.exp(-spec.gamma * F.softplus(logits)) * F.softplus(-logits)
    negative = (1 - targets) * torch.exp(-spec.gamma * F.softplus(-logits)) * F.softplus(logits)
    if spec.alpha is None:
        return positive + negative
    return spec.alpha * positive + (1 - spec.alpha) * negative


def _asymmetric(logits: Tensor, targets: Tensor, *, spec: Asymmetric) -> Tensor:
    positive = targets * torch.exp(-spec.gamma_positive * F.softplus(logits)) * F.softplus(-logits)
    if spec.clip == 0.0:
        power, log_rest = torch.exp(-spec.gamma_negative * F.softplus(-logits)), F.softplus(logits)
    else:
        shifted = torch.sigmoid(logits) - spec.clip
        counts = shifted > 0
        safe = torch.where(counts, shifted, 0.5)  # a power of 0 would have an infinite gradient where gamma < 1
        power, log_rest = torch.where(counts, safe**spec.gamma_negative, 0.0), -torch.log1p(-safe)
    return positive + (1 - targets) * power * log_rest

"""Losses over logits (N, L) and targets (N, L) in [0, 1], with NaN where a label is missing.

A missing label counts for nothing and gets no gradient. The mean runs over the labels that are known in the batches of
all processes, so that several processes follow one that has their batches in one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch user reads)

from hilum.errors import UsageError
from hilum.training.label_weights import LabelWeights, Weighting
from hilum.training.processes import sum_over_processes, training_processes


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
    alpha: float | None = 0.25

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


LossSpec = BinaryCrossEntropy | Focal | Asymmetric


def masked_loss(logits: Tensor, targets: Tensor, *, spec: LossSpec, label_weights: LabelWeights | None) -> Tensor:
    """The mean loss over the labels that are known in the batches of all processes; zero where none is.

    The mean of this value over the processes, and of its gradient, as `DistributedDataParallel` takes it, is that of
    one process with all the batches. Every process must call it. Where gradients are accumulated, each batch is a mean
    of its own. `label_weights` must be given where `spec` weights, and only there.
    """
    total, known = loss_sum(logits, targets, spec=spec, label_weights=label_weights)
    return total * training_processes().count / sum_over_processes(known).clamp(min=1)


def loss_sum(
    logits: Tensor, targets: Tensor, *, spec: LossSpec, label_weights: LabelWeights | None
) -> tuple[Tensor, Tensor]:
    """The sum of the loss over this batch's known labels, and how many they are; their ratio is the mean.

    For a mean over a whole validation set: sum both over its batches, then divide. Raises `UsageError` where
    `label_weights` are missing, or are given to a loss that does not weight.
    """
    known = ~torch.isnan(targets)
    losses = _losses(logits.float(), torch.where(known, targets, 0.0), spec=spec, label_weights=label_weights)
    return (losses * known).sum(), known.sum()


def masked_bce(logits: Tensor, targets: Tensor, *, label_smoothing: float) -> Tensor:
    """`masked_loss` for an unweighted `BinaryCrossEntropy`."""
    return masked_loss(logits, targets, spec=BinaryCrossEntropy(label_smoothing=label_smoothing), label_weights=None)


def _losses(logits: Tensor, targets: Tensor, *, spec: LossSpec, label_weights: LabelWeights | None) -> Tensor:
    weighted = isinstance(spec, BinaryCrossEntropy) and spec.weighting != "none"
    if weighted != (label_weights is not None):
        raise UsageError(
            f"expected label weights where, and only where, the loss weights; came {label_weights}, {spec}"
        )
    match spec:
        case BinaryCrossEntropy():
            return _cross_entropy(logits, targets, spec=spec, label_weights=label_weights)
        case Focal():
            return _focal(logits, targets, spec=spec)
        case Asymmetric():
            return _asymmetric(logits, targets, spec=spec)


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


def _check(holds: bool, expected: str, came: object) -> None:
    if not holds:
        raise UsageError(f"expected {expected} for the loss, came {came}")

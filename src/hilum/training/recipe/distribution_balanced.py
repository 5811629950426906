"""The Distribution-Balanced loss (Wu et al. 2020), and its form for a label that stands alone (Tran et al. 2021).

With n_k positives among the N_k known training targets of label k, of L labels, and an image's logits z and targets y:

    r_k = (1 / n_k) / (sum of 1 / n_j over the image's positive j)     equations 2 to 4 of Tran et al.
    w_k = alpha + sigmoid(beta (r_k - mu))                             equation 5
    v_k = kappa log(N_k / n_k - 1)                                     equation 9
    loss_k = w_k [y_k log(1 + e^-(z_k - v_k)) + (1 - y_k) log(1 + e^(lambda (z_k - v_k))) / lambda]     equation 10

An image without a positive has an infinite r, so its weights are alpha + 1. With `alone`, that label's r has the mean
of all 1 / n_j more below its line (equations 6 and 7, multiplied by L): else it would be 1 wherever the label is
positive. A label that is missing is no positive and counts neither in n nor in N. Where y lies between 0 and 1, it
counts for that share in n and in the sum.

Wu et al.: arXiv:2007.09654. Tran et al.: ICCV Workshops 2021, pages 3314-3323 (doi:10.1101/2021.08.12.21261954).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch user reads)

from hilum.errors import UsageError
from hilum.training.recipe.label_weights import LabelCounts, count_labels
from hilum.training.recipe.settings import OWN_MEANING


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionBalanced:
    """The Distribution-Balanced loss; with `alone`, in its form for a label that no other label stands beside.

    `alone` is that label's name ("No Finding"), or None for the loss as Wu et al. have it. `alpha` >= 0 lifts the
    weights, `beta` > 0 and `mu` shape them, `kappa` scales the margins, `lambda_` > 0 tolerates negatives. The values
    are Wu et al.'s; Tran et al. print none. Kappa 0, lambda 1 and equal weights give cross-entropy.
    """

    alone: str | None = None
    alpha: float = field(default=0.1, metadata=OWN_MEANING)
    beta: float = 10.0
    mu: float = 0.2
    kappa: float = 0.05
    lambda_: float = 2.0

    def __post_init__(self) -> None:
        for name, value, fits in (
            ("an alpha >= 0", self.alpha, self.alpha >= 0.0),
            ("a beta > 0", self.beta, self.beta > 0.0),
            ("a lambda_ > 0", self.lambda_, self.lambda_ > 0.0),
        ):
            if not fits:
                raise UsageError(f"The loss needs {name}; given: {value}")

    def check_labels(self, labels: Sequence[str]) -> None:
        """Raise `UsageError` where `alone` is not one of the labels."""
        if self.alone is not None and self.alone not in labels:
            raise UsageError(
                f"The label that stands alone, {self.alone!r}, is not one of {', '.join(labels)}. Set loss.alone to "
                "one of them, or to none"
            )


class _Constants(NamedTuple):
    """What of the fitted loss stands beside tensors of one type on one device."""

    inverse: Tensor  # (L,), 1 / n
    scaled: Tensor  # (L,), beta / n
    more: Tensor  # (L,), what is added below the line of r
    shift: Tensor  # (1,), -beta mu
    margins: Tensor  # (L,)


class FittedDistributionBalanced:
    """The loss of `spec`, fitted on training `targets` (N, L) in [0, 1], NaN where a label is missing.

    Raises `DataError` naming the labels without a positive or without a negative, and what `check_labels` raises.
    """

    def __init__(self, spec: DistributionBalanced, *, targets: npt.ArrayLike, labels: Sequence[str]) -> None:
        spec.check_labels(labels)
        self._spec, self._counts = spec, count_labels(targets, labels=labels)
        array = np.asarray(targets, np.float64)
        self._hard = bool(np.isin(array[~np.isnan(array)], (0.0, 1.0)).all())
        self._kept: dict[tuple[torch.dtype, torch.device], _Constants] = {}

    def __call__(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The sum over the known labels and how many they are, of logits (N, L) and targets (N, L), NaN where missing.

        Where there is a gradient to find, the targets must be rows of those that the loss was fitted on.
        """
        constants = self._constants(logits)
        if self._hard and logits.requires_grad and torch.is_grad_enabled():
            return self._of_hard(logits, targets.to(logits.dtype), constants=constants)
        known = ~torch.isnan(targets)
        present = torch.where(known, targets, 0.0).to(logits.dtype)
        apart, scale = logits - constants.margins, self._spec.lambda_
        losses = present * F.softplus(-apart) + (1 - present) * F.softplus(scale * apart) / scale
        return (self._weights(present, constants=constants) * losses * known).sum(), known.sum()

    def _of_hard(self, logits: Tensor, targets: Tensor, *, constants: _Constants) -> tuple[Tensor, Tensor]:
        """The same for targets 0, 1 and NaN in few passes: one softplus of s (z - v) serves both outcomes.

        s is -1 for a positive and lambda for a negative, and what the softplus counts is w / |s|.
        """
        signs = torch.nan_to_num(torch.rsub(targets, 1.0, alpha=2.0))  # -1, 1, or 0 where it is missing
        present = torch.nan_to_num(targets)
        steps = torch.rsub(present, self._spec.lambda_, alpha=self._spec.lambda_ + 1.0)
        counts = self._weights(present, constants=constants).mul_(signs).div_(steps)
        losses = F.softplus((logits - constants.margins) * steps)
        return torch.dot(losses.flatten(), counts.flatten()), torch.count_nonzero(signs)

    def _weights(self, present: Tensor, *, constants: _Constants) -> Tensor:
        """w (N, L), from targets (N, L) with 0 where one is missing."""
        # no matrix product: mixed precision would take it in half the digits
        below = (present * constants.inverse).sum(dim=1, keepdim=True) + constants.more
        return torch.addcdiv(constants.shift, constants.scaled, below).sigmoid_().add_(self._spec.alpha)

    def _constants(self, like: Tensor) -> _Constants:
        found = self._kept.get((like.dtype, like.device))
        if found is None:
            found = _constants(self._spec, counts=self._counts, like=like)
            self._kept[like.dtype, like.device] = found
        return found


def _constants(spec: DistributionBalanced, *, counts: LabelCounts, like: Tensor) -> _Constants:
    positives, negatives = np.array(counts.positives), np.array(counts.negatives)
    stands_alone = np.array([label == spec.alone for label in counts.labels])
    return _Constants(
        inverse=like.new_tensor(1 / positives),
        scaled=like.new_tensor(spec.beta / positives),
        more=like.new_tensor(np.where(stands_alone, (1 / positives).mean(), 0.0)),
        shift=like.new_tensor([-spec.beta * spec.mu]),
        margins=like.new_tensor(spec.kappa * np.log(negatives / positives)),
    )

"""The gate's loss: six questions to one network, each asked only of the pictures that have an answer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch user reads)

from hilum.bundle.gate_outputs import CROPPED, INVERTED, IS_XRAY, TURNS, TYPES, VIEWS
from hilum.systems.gate.data.releases import VIEWS_TOLD, ViewTold

NO_TARGET = -1
"""No answer; as a type: a picture of none of the types."""
UNASKED = -2
"""A type that is not asked for: a part of a radiograph, or two radiographs in one picture, may show any."""
_IS_XRAY, _TYPE, _TURN, _INVERTED, _CROPPED, _VIEW = range(6)
_FRONTAL = VIEWS_TOLD.index("frontal")
_BOTH_FRONTAL = 2
"""How many of the views, the first ones, are frontal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLoss:
    """Weights of the parts. `none` pulls the types of a picture that has none towards equal shares (Hendrycks 2019).

    `view` is the weight of a chest's view: cross-entropy where it is known, and the negative log of what PA and AP have
    together where only that it is frontal.
    """

    is_xray: float = 1.0
    type: float = 1.0
    none: float = 0.3
    chest: float = 0.3
    view: float = 0.3
    type_smoothing: float = 0.1
    is_xray_smoothing: float = 0.02


def target_row(
    is_xray: bool,
    type_index: int,
    *,
    turn: int | None = None,
    inverted: bool | None = None,
    cropped: bool | None = None,
    view: ViewTold | None = None,
) -> Tensor:
    """Float32 (6,): radiograph, type, turn, inverted, cropped, view; `NO_TARGET` where there is no answer."""
    told = None if view is None else VIEWS_TOLD.index(view)
    chest = (NO_TARGET if value is None else int(value) for value in (turn, inverted, cropped, told))
    return torch.tensor([float(is_xray), float(type_index), *map(float, chest)])


def gate_loss(logits: Tensor, targets: Tensor, *, weights: GateLoss) -> Tensor:
    """The weighted sum over logits (N, 24) and targets (N, 6) of `target_row`; a part without answers is zero."""
    logits = logits.float()
    smooth = targets[:, _IS_XRAY] * (1 - weights.is_xray_smoothing) + weights.is_xray_smoothing / 2
    loss = weights.is_xray * F.binary_cross_entropy_with_logits(logits[:, IS_XRAY], smooth)
    types = logits[:, TYPES]
    none = targets[:, _TYPE] == NO_TARGET
    loss = loss + weights.type * _cross_entropy(types, targets[:, _TYPE], smoothing=weights.type_smoothing)
    if bool(none.any()):
        loss = loss - weights.none * F.log_softmax(types[none], dim=1).mean()
    loss = loss + weights.chest * _cross_entropy(logits[:, TURNS], targets[:, _TURN], smoothing=0.02)
    for column, target in ((INVERTED, _INVERTED), (CROPPED, _CROPPED)):
        asked = targets[:, target] != NO_TARGET
        if bool(asked.any()):
            part = F.binary_cross_entropy_with_logits(logits[asked, column], targets[asked, target])
            loss = loss + weights.chest * part
    return loss + weights.view * _view_loss(logits[:, VIEWS], targets[:, _VIEW])


def _view_loss(logits: Tensor, told: Tensor) -> Tensor:
    """The mean over the rows of logits (N, 3) whose view is told, (N,) as places in `VIEWS_TOLD`; zero without any."""
    asked = told != NO_TARGET
    if not bool(asked.any()):
        return logits.sum() * 0.0
    logs, told = F.log_softmax(logits[asked], dim=1), told[asked].long()
    frontal = logs[:, :_BOTH_FRONTAL].logsumexp(dim=1)
    known = logs.gather(1, told.clamp(max=_FRONTAL - 1)[:, None])[:, 0]
    return -torch.where(told == _FRONTAL, frontal, known).mean()


def _cross_entropy(logits: Tensor, target: Tensor, *, smoothing: float) -> Tensor:
    asked = target >= 0
    if not bool(asked.any()):
        return logits.sum() * 0.0
    return F.cross_entropy(logits[asked], target[asked].long(), label_smoothing=smoothing)

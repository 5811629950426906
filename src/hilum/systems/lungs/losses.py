"""The loss of a lung network: each structure where it was drawn, the union of both sides where only that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch user reads)

from hilum.bundle.lung_spec import LUNG_SIDES, Structure
from hilum.systems.lungs.recipe import LungLoss
from hilum.systems.lungs.study.truth import TRUTHS, UNIONS, UNKNOWN

_EPSILON = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class _Planes:
    """Probabilities of some planes with their logarithms and those of the opposite, each (N, P, H, W)."""

    names: tuple[str, ...]
    probability: Tensor
    log_yes: Tensor
    log_no: Tensor


def lung_loss(logits: Tensor, targets: Tensor, *, structures: Sequence[Structure], weights: LungLoss) -> Tensor:
    """For fields, whole lungs and heart each the mean over its planes that are known, added; the mean over pictures.

    `logits` is (N, S, H, W) of `structures`. `targets` is uint8 (N, 7, H, W) in the order of `TRUTHS`, each 1, 0 or
    `UNKNOWN` (where a picture was turned away from its frame, and in whole planes that nobody drew). The probability of
    a union is 1 - (1 - r)(1 - l). Soft Dice is that of Milletari et al. 2016, with plain sums below the line.
    Sides of one definition may not overlap, and a field lies within its whole lung; both are asked of every picture.
    """
    logits = logits.float()
    groups = _groups(logits, structures=structures)
    each = torch.stack([_known_mean(planes, targets=targets, weights=weights) for planes in groups], dim=1)
    drawn = {name: planes.probability[:, at] for planes in groups for at, name in enumerate(planes.names)}
    pairs = [pair for pair in LUNG_SIDES.values() if pair[0] in drawn]
    overlap = sum(((drawn[right] * drawn[left]).mean() for right, left in pairs), logits.new_zeros(()))
    outside = logits.new_zeros(())
    if len(pairs) == len(LUNG_SIDES):
        nested = zip(LUNG_SIDES["field"], LUNG_SIDES["whole"], strict=True)
        outside = sum(((drawn[field] * (1 - drawn[lung])).mean() for field, lung in nested), outside)
    return each.sum(dim=1).mean() + weights.overlap * overlap + weights.outside * outside


def _groups(logits: Tensor, *, structures: Sequence[Structure]) -> list[_Planes]:
    """Both sides and the union of each definition that is drawn, and the heart."""
    log_yes, log_no = F.logsigmoid(logits), F.logsigmoid(-logits)
    groups = []
    for definition, pair in LUNG_SIDES.items():
        if pair[0] in structures:
            sides = [structures.index(side) for side in pair]
            neither = log_no[:, sides].sum(dim=1, keepdim=True)
            union = -torch.expm1(neither)
            groups.append(
                _Planes(
                    (*pair, UNIONS[definition]),
                    torch.cat((logits[:, sides].sigmoid(), union), dim=1),
                    torch.cat((log_yes[:, sides], torch.log(union.clamp_min(_EPSILON))), dim=1),
                    torch.cat((log_no[:, sides], neither), dim=1),
                )
            )
    if "heart" in structures:
        heart = [structures.index("heart")]
        groups.append(_Planes(("heart",), logits[:, heart].sigmoid(), log_yes[:, heart], log_no[:, heart]))
    return groups


def _known_mean(planes: _Planes, *, targets: Tensor, weights: LungLoss) -> Tensor:
    """(N): the mean loss of the planes that are known in each picture, 0 where none is."""
    wanted = targets[:, [TRUTHS.index(name) for name in planes.names]]
    known = (wanted != UNKNOWN).float()
    truth = (wanted == 1).float()
    pixels = known.sum(dim=(2, 3))
    entropy = -(truth * planes.log_yes + (known - truth) * planes.log_no).sum(dim=(2, 3)) / pixels.clamp_min(1.0)
    both = (planes.probability * truth).sum(dim=(2, 3))
    total = (planes.probability * known + truth).sum(dim=(2, 3))
    dice = 1 - (2 * both + 1) / (total + 1)
    asked = (pixels > 0).float()
    each = (weights.cross_entropy * entropy + weights.dice * dice) * asked
    return each.sum(dim=1) / asked.sum(dim=1).clamp_min(1.0)

"""The passes of a lung network over one picture: as it is, mirrored, and, for a rule that weighs it, moved a little."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.bundle.lung_spec import QualityRule, Structure, mirror_planes
from hilum.errors import UsageError

Floats = npt.NDArray[np.float32]
SHIFT_SHARE = 1 / 32
"""How far the third pass is moved down and to the right, as a share of the side (8 of 256 pixels)."""


def is_moved(rule: QualityRule) -> bool:
    """Whether the third pass is needed: for a rule that weighs it. Others take two, of which the drawing is made."""
    return rule.shift != 0


def quality_inputs(array: Floats, *, moved: bool) -> Floats:
    """Float32 (2 or 3, C, H, W) of one input (C, H, W): itself, mirrored, and moved with its border repeated."""
    if array.ndim != 3:
        raise UsageError(f"one input (C, H, W) is needed, not the shape {array.shape}")
    if not moved:
        return np.ascontiguousarray(np.stack([array, array[:, :, ::-1]]))
    down, across = _shift(array.shape[-2]), _shift(array.shape[-1])
    third = np.pad(array, ((0, 0), (down, 0), (across, 0)), mode="edge")[:, : array.shape[-2], : array.shape[-1]]
    return np.ascontiguousarray(np.stack([array, array[:, :, ::-1], third]))


def probabilities(logits: Floats, *, structures: tuple[Structure, ...]) -> Floats:
    """Float32 (P, S, H, W) in [0, 1] of the P passes' logits of S structures, each led back to the picture as it is.

    What the mirrored pass calls right is left. The moved pass says nothing of the last rows and columns, which left its
    frame: there the first pass stands in.
    """
    if logits.ndim != 4 or logits.shape[0] not in (2, 3) or logits.shape[1] != len(structures):
        raise UsageError(f"logits must be (2 or 3, {len(structures)}, H, W), not the shape {logits.shape}")
    probability = 1 / (1 + np.exp(-logits.astype(np.float32)))
    both = [probability[0], probability[1][mirror_planes(structures), :, ::-1]]
    if len(probability) == len(both):
        return np.stack(both)
    down, across = _shift(logits.shape[-2]), _shift(logits.shape[-1])
    back = probability[0].copy()
    back[:, : back.shape[1] - down, : back.shape[2] - across] = probability[2][:, down:, across:]
    return np.stack([*both, back])


def drawing(passes: Floats) -> Floats:
    """Float32 (S, H, W): what is drawn, the mean of the picture's probabilities and its mirror image's.

    Out of fold this lifts Dice a little, and both passes are there for the quality score anyway. The moved pass is left
    out: with it Dice fell on one of the two releases.
    """
    mean: Floats = (passes[0] + passes[1]) / 2
    return mean


def _shift(side: int) -> int:
    return max(1, round(side * SHIFT_SHARE))

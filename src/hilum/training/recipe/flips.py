"""Mirrored training images, by a chance that each draw's seed decides: the flip that papers 2 and 3 train with.

A flip puts the heart on the wrong side; only recipes that reproduce a paper ask for it. The chance has a generator of
its own, so that one draw's pictures, whole and cropped, are mirrored together, and so are features made beforehand.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.utils.data import Dataset

from hilum.training.recipe.samplers import Draw

_FLIP = 0xF11B
"""Keeps this chance apart from those of augmentation, which start from the same seed."""


def is_flipped(*, probability: float, seed: int) -> bool:
    """Whether the draw with this seed is mirrored."""
    return probability > 0 and float(np.random.default_rng((_FLIP, seed)).random()) < probability


class FlippedByChance(Dataset[tuple[Tensor, Tensor]]):
    """The images (C, H, W) and targets (L,) of `images`, mirrored left to right where the draw's seed says so."""

    def __init__(self, images: Dataset[tuple[Tensor, Tensor]], *, probability: float) -> None:
        self._images, self._probability = images, probability

    def __getitem__(self, draw: Draw) -> tuple[Tensor, Tensor]:
        image, targets = self._images[draw]
        flipped = is_flipped(probability=self._probability, seed=draw[1])
        return (image.flip(-1) if flipped else image), targets

"""Batches for training: their samples prepared side by side, and laid out as a network takes them.

A training on a CPU prepares its images between two steps, with all the cores that the steps have; a worker process has
one thread, and so does one thing after the other. What a batch holds is the same in any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from hilum.training.recipe.samplers import Draw

Sample = tuple[Tensor, Tensor]
"""An input, an image (C, H, W) or pooled features (K, 1, 1), and its targets (L,)."""


class SideBySide(Dataset[Sample]):
    """The samples of `items`, those of one batch prepared by as many threads as torch has in this process."""

    def __init__(self, items: Dataset[Sample]) -> None:
        self._items = items

    def __getitem__(self, draw: Draw) -> Sample:
        return self._items[draw]

    def __getitems__(self, draws: Sequence[Draw]) -> list[Sample]:
        """The samples of one batch; torch's loader calls this where it is there."""
        with ThreadPoolExecutor(max_workers=torch.get_num_threads(), thread_name_prefix="hilum-batch") as pool:
            return list(pool.map(self._items.__getitem__, draws))


def as_batch(samples: Sequence[Sample]) -> Sample:
    """Inputs (N, C, H, W) and targets (N, L); images are laid out channels last, in one copy."""
    first, _ = samples[0]
    targets = torch.stack([own for _, own in samples])
    if first[0].numel() == 1:
        return torch.stack([features for features, _ in samples]), targets
    channels, height, width = first.shape
    pixels = np.empty((len(samples), height, width, channels), np.float32)
    for place, (image, _) in enumerate(samples):
        for channel, plane in enumerate(image.numpy()):
            pixels[place, ..., channel] = plane
    return torch.from_numpy(pixels).permute(0, 3, 1, 2), targets

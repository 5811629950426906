"""Mixed training images: each is laid over by a little of another, and so are its targets (mixup, Zhang et al. 2018).

With lambda from Beta(alpha, alpha), or 1 - lambda where that is larger, the image is lambda x + (1 - lambda) x', its
targets lambda y + (1 - lambda) y'. The draw itself keeps the larger part, so that a sampler's balance stays what it is.
Which image x' is, how it is changed and how much of it there is follow from the draw's seed: so a run that was stopped
goes on as it would have gone. Source: arXiv:1710.09412; there a batch is mixed with a permutation of itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch.utils.data import Dataset

from hilum.errors import DataError, UsageError
from hilum.training.recipe.samplers import Draw, outcome_groups

_MIX = 0x3178
"""Keeps these draws apart from those of augmentation and flips, which start from the same seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixup:
    """How much of another image there is: both parameters of the Beta distribution are `alpha` > 0."""

    alpha: float = 0.2

    def __post_init__(self) -> None:
        if not self.alpha > 0.0:
            raise UsageError(f"The alpha of mixup must be above 0; given: {self.alpha}")

    def partner(self, *, groups: tuple[npt.NDArray[np.int64], ...], seed: int) -> tuple[Draw, float]:
        """The draw that is laid over the draw with this `seed`, and the first one's share, in [0.5, 1].

        A group of `groups` is chosen, each as likely, and an image of it.
        """
        generator = np.random.default_rng((_MIX, seed))
        share = float(generator.beta(self.alpha, self.alpha))
        group = groups[int(generator.integers(len(groups)))]
        other = int(group[int(generator.integers(len(group)))])
        return (other, int(generator.integers(2**31))), max(share, 1.0 - share)


class MixedUp(Dataset[tuple[Tensor, Tensor]]):
    """The images (C, H, W) and targets (L,) of `images`, each mixed with another one.

    `targets` (N, L) are theirs: images with the first label and without are as likely to be laid over another, and
    those of which it is not known (NaN) never are. Raises `DataError` where there are such and either group is empty.
    """

    def __init__(
        self, images: Dataset[tuple[Tensor, Tensor]], *, mixup: Mixup, targets: npt.NDArray[np.float32]
    ) -> None:
        groups = outcome_groups(targets[:, 0])
        if np.isnan(targets[:, 0]).any() and min(map(len, groups)) == 0:
            raise DataError(
                f"{len(groups[0])} training images have the first label and {len(groups[1])} are known to be without "
                "it; mixup needs both. Check the split, or leave mixup out"
            )
        self._images, self._mixup = images, mixup
        self._groups = tuple(group for group in groups if len(group))

    def __getitem__(self, draw: Draw) -> tuple[Tensor, Tensor]:
        other, share = self._mixup.partner(groups=self._groups, seed=draw[1])
        (image, targets), (image_, targets_) = self._images[draw], self._images[other]
        return share * image + (1.0 - share) * image_, share * targets + (1.0 - share) * targets_

"""The choice to average a network's features inside the lungs alone, and not over the whole picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hilum.bundle.pooling_spec import LARGEST_WIDENING, WIDEN
from hilum.errors import UsageError

_PLAIN = 0x9001
"""Keeps this chance apart from those of augmentation and flips, which start from the same seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LungPooling:
    """The mean over the lungs that a lung bundle draws; where a drawing is not trusted, over the whole picture.

    A pixel counts as lung that is at most `widen` of the picture's side away from the whole lungs. `plain_share` is
    the share of training draws whose features are averaged over the whole picture although the lungs are known, so
    that the network learns to read both. With `hide_outside` the network is not shown what is not lung either.
    """

    widen: float = WIDEN
    plain_share: float = 0.1
    hide_outside: bool = False

    def __post_init__(self) -> None:
        if not 0.0 <= self.widen <= LARGEST_WIDENING:
            raise UsageError(f"widen must lie between 0 and {LARGEST_WIDENING} in the recipe; given: {self.widen}")
        if not 0.0 <= self.plain_share < 1.0:
            raise UsageError(f"plain_share must be at least 0 and below 1 in the recipe; given: {self.plain_share}")

    def is_plain(self, *, seed: int) -> bool:
        """Whether the draw with this seed is averaged over the whole picture."""
        return float(np.random.default_rng((_PLAIN, seed)).random()) < self.plain_share

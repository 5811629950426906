"""The choice to teach a network where to look: its features come from the whole picture, its reasons from the lungs.

Nobody has to draw lungs for what is learnt so: they are known in training alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hilum.bundle.pooling_spec import LARGEST_WIDENING, WIDEN
from hilum.errors import UsageError
from hilum.training.recipe.lung_pooling import LungPooling


@dataclass(frozen=True, slots=True, kw_only=True)
class LungGuidance:
    """How the lungs that a lung bundle draws are taught, with which `weight` beside the loss of the labels.

    `penalty` adds the share of a class map, without its sign, that lies outside the lungs. `attention` gives the
    network a second head, which says of each cell how much of it is lung, adds that head's cross-entropy, and averages
    the features by what it says. A pixel counts as lung that is at most `widen` of the picture's side away from the
    whole lungs. Pictures whose drawing is not trusted are learnt from without either.
    """

    by: Literal["penalty", "attention"]
    weight: float = 1.0
    widen: float = WIDEN

    def __post_init__(self) -> None:
        if not self.weight > 0.0:
            raise UsageError(f"The weight of lung_guidance must be above 0; given: {self.weight}")
        if not 0.0 <= self.widen <= LARGEST_WIDENING:
            raise UsageError(
                f"The widen of lung_guidance must lie between 0 and {LARGEST_WIDENING}; given: {self.widen}"
            )

    @property
    def planes(self) -> LungPooling:
        """Which lungs stand beside the pictures that are learnt from: those of every drawing that is trusted."""
        return LungPooling(widen=self.widen, plain_share=0.0)

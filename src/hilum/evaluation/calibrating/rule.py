"""How an operating point is chosen on somebody's own images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt

from hilum.errors import UsageError
from hilum.statistics.operating_point import (
    OperatingPoint,
    point_at_sensitivity,
    point_at_specificity,
    youden_point,
)
from hilum.statistics.outcomes import UndefinedMetric


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRule:
    """The greatest Youden index, or the cut that reaches a stated share, in (0, 1].

    Raises `UsageError` where both shares are stated, or one is out of range.
    """

    sensitivity: float | None = None
    specificity: float | None = None

    def __post_init__(self) -> None:
        if self.sensitivity is not None and self.specificity is not None:
            raise UsageError(
                f"Give a sensitivity or a specificity to reach, not both ({self.sensitivity:g} and "
                f"{self.specificity:g}): one decides the other"
            )
        for name, share in (("sensitivity", self.sensitivity), ("specificity", self.specificity)):
            if share is not None and not 0.0 < share <= 1.0:
                raise UsageError(f"The {name} must be above 0 and at most 1; given: {share:g}")

    @property
    def in_words(self) -> str:
        """For the card."""
        if self.sensitivity is not None:
            return f"sensitivity of at least {self.sensitivity:g}"
        if self.specificity is not None:
            return f"specificity of at least {self.specificity:g}"
        return "greatest Youden index"

    def point(self, truth: npt.ArrayLike, *, scores: npt.ArrayLike) -> OperatingPoint | UndefinedMetric:
        """The point that the rule chooses; undefined where there are no positives or no negatives."""
        if self.sensitivity is not None:
            return point_at_sensitivity(truth, scores=scores, sensitivity=self.sensitivity)
        if self.specificity is not None:
            return point_at_specificity(truth, scores=scores, specificity=self.specificity)
        return youden_point(truth, scores=scores)

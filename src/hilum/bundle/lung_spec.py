"""What the card of a lung network adds: how its drawing is judged, and how well it drew what it never saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from hilum.bundle.card_part import CompressionMethod, Part
from hilum.imaging.preprocess import PreprocessSpec

LUNG_OUTPUTS = ("right lung", "left lung")
"""The planes of the graph's output, in order; sides are the patient's."""

_Share = Annotated[float, Field(ge=0.0, le=1.0)]


class QualityRule(Part):
    """Expected Dice = intercept + weights times facts, cut to [0, 1]; trusted from `trusted_from`.

    The facts are disagreement over a flip and over a small shift (1 - Dice), 1 - area of the smaller side over that of
    the larger, and how far the number of regions is from two. Fitted by least squares to out-of-fold Dice. A drawing
    whose lungs cover a share of the picture outside `area_share` is trusted in no case.
    """

    intercept: float
    flip: float
    shift: float
    area: float
    regions: float
    trusted_from: _Share
    area_share: tuple[float, float]


class LungFigure(Part):
    """One measured number, from networks that never saw what they drew."""

    name: str
    source: str
    value: float
    interval: tuple[float, float] | None = Field(description="95%, over patients or series, or null")
    n: int = Field(ge=0)
    groups: int = Field(ge=0, description="patients or series among the n")

    @property
    def full_name(self) -> str:
        """What was measured, and on which release."""
        return f"{self.source}: {self.name}"


class LungCompression(Part):
    """What was done to make the graph small, and its cost in mean Dice of the union over the training pictures."""

    method: CompressionMethod
    dice_before: _Share
    dice_after: _Share


class LungSpec(Part):
    """A pixel is lung where the larger probability of both sides is at least `threshold`, of the larger's side."""

    threshold: float = Field(default=0.5, gt=0.0, lt=1.0)
    quality: QualityRule
    compression: LungCompression
    figures: tuple[LungFigure, ...]


@dataclass(frozen=True, slots=True)
class LungGraph:
    """A graph that draws lungs: its file in the bundle, how it is prepared for and judged, and of which bundle it is.

    `sha256` is of the card of that bundle; None where it is the one that holds the graph.
    """

    file: str
    spec: LungSpec
    preprocess: PreprocessSpec
    name: str
    version: str
    sha256: str | None

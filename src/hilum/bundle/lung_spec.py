"""What the card of a lung network adds: how its drawing is judged, and how well it drew what it never saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from hilum.bundle.card_part import CompressionMethod, GrownPart, Part
from hilum.imaging.preprocess import PreprocessSpec
from hilum.reading_result import LungDefinition
from hilum.statistics.estimate import Estimate

Structure = Literal["right field", "left field", "right lung", "left lung", "heart"]
"""What a plane of the graph's output can draw; sides are the patient's.

A field is the lung beside the heart, as it is clear in the picture; a lung is the whole of it, behind the heart too.
"""

LUNG_SIDES: Mapping[LungDefinition, tuple[Structure, Structure]] = {
    "field": ("right field", "left field"),
    "whole": ("right lung", "left lung"),
}
"""The two structures of each definition, the patient's right first."""

_Share = Annotated[float, Field(ge=0.0, le=1.0)]


class QualityRule(GrownPart):
    """Expected Dice = intercept + weights times facts, cut to [0, 1]; trusted from `trusted_from`.

    The facts are disagreement over a flip and over a small shift (1 - Dice), 1 - area of the smaller side over that of
    the larger, how far the number of regions is from two, and 1 - the Dice that the probabilities let expect. Fitted
    by least squares to out-of-fold Dice. A drawing whose lungs cover a share of the picture outside `area_share` is
    trusted in no case.
    """

    later_fields: ClassVar[frozenset[str]] = frozenset({"expected"})

    intercept: float
    flip: float
    shift: float
    area: float
    regions: float
    expected: float = Field(default=0.0, description="weight of 1 - the Dice that the probabilities let expect")
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
    def estimate(self) -> Estimate:
        """The value with its interval."""
        return Estimate(self.value, self.interval)

    @property
    def full_name(self) -> str:
        """What was measured, and on which release."""
        return f"{self.source}: {self.name}"


class LungCompression(Part):
    """What was done to make the graph small, and its cost in mean Dice of what is drawn over the training pictures."""

    method: CompressionMethod
    dice_before: _Share
    dice_after: _Share


class RatioError(Part):
    """How far cardiothoracic ratios of trusted drawings lie from those of annotated outlines, both from 0 to 1.

    The drawings are of networks that never saw them.
    """

    source: str = Field(description="the release whose outlines are compared with")
    mean: float = Field(ge=0.0, description="mean absolute error")
    nine_in_ten: float = Field(ge=0.0, description="what nine of ten errors stay within: the 90th percentile")
    n: int = Field(ge=1)
    groups: int = Field(ge=1, description="patients or series among the n")


class LungSpec(GrownPart):
    """A pixel is lung where the larger probability of both sides is at least `threshold`, of the larger's side.

    It is heart where the heart's probability is at least `threshold`; lung and heart may overlap.
    """

    later_fields: ClassVar[frozenset[str]] = frozenset({"frame_below", "ratio_error", "structures"})

    structures: tuple[Structure, ...] = Field(
        default=LUNG_SIDES["whole"],
        description="the planes of the graph's output, in order; sides are the patient's. A field is the lung beside "
        "the heart, a lung is the whole of it",
    )
    threshold: float = Field(default=0.5, gt=0.0, lt=1.0)
    frame_below: float | None = Field(
        default=None,
        ge=0.0,
        lt=1.0,
        description="nothing is drawn on what is at most so bright, of the prepared range 0 to 1, and reaches in from "
        "an edge: collimated borders and padding; null where that is not asked",
    )
    quality: QualityRule
    ratio_error: RatioError | None = Field(
        default=None, description="of the cardiothoracic ratio; null where none is measured or was judged"
    )
    compression: LungCompression
    figures: tuple[LungFigure, ...]

    @model_validator(mode="after")
    def _structures_fit(self) -> Self:
        if len(set(self.structures)) != len(self.structures):
            raise ValueError(f"each structure may be drawn once, but these are {', '.join(self.structures)}")
        drawn = [pair for pair in LUNG_SIDES.values() if not set(pair).isdisjoint(self.structures)]
        if not drawn or not set().union(*drawn) <= set(self.structures):
            raise ValueError(
                f"both sides of a lung or a field must be drawn, but these are {', '.join(self.structures)}"
            )
        if self.ratio_error is not None and not self.draws_heart:
            raise ValueError("ratio_error is of what draws a heart")
        return self

    @property
    def definitions(self) -> tuple[LungDefinition, ...]:
        """Which definitions of a lung are drawn, the field first."""
        return tuple(name for name, pair in LUNG_SIDES.items() if set(pair) <= set(self.structures))

    @property
    def boxed(self) -> LungDefinition:
        """On what a box rests: the whole lung, or the field where nothing else is drawn."""
        return "whole" if "whole" in self.definitions else "field"

    @property
    def draws_heart(self) -> bool:
        """Whether the heart is among the structures."""
        return "heart" in self.structures

    def sides(self, definition: LungDefinition) -> tuple[int, int]:
        """The planes of the patient's right and left side; raises `ValueError` where they are not drawn."""
        right, left = LUNG_SIDES[definition]
        return self.structures.index(right), self.structures.index(left)


def mirror_planes(structures: tuple[Structure, ...]) -> list[int]:
    """For each plane the one that draws the same in a mirrored picture: right and left change places."""
    other = {side: pair[1 - rank] for pair in LUNG_SIDES.values() for rank, side in enumerate(pair)}
    return [structures.index(other.get(structure, structure)) for structure in structures]


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

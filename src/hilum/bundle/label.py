"""One output of a network on a card: how its logit is calibrated, where it is decided, and how well it did."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy.typing as npt
from pydantic import Field, model_validator

from hilum.bundle.card_part import GrownPart, Interval, Part, Probability, ViewName
from hilum.bundle.result_calibration import ResultCalibration
from hilum.statistics.calibration import calibrate
from hilum.statistics.outcomes import FloatArray

NOT_RELIABLE = "not reliable here"
"""How a label that has not earned a decision is called, everywhere."""


class PlattCalibration(Part):
    """Calibrated probability = sigmoid(slope * logit + intercept) (Platt 1999; intercept 0 is temperature scaling).

    Method `none` says that nothing was calibrated: slope 1 and intercept 0, the network's own sigmoid.
    """

    method: Literal["platt", "none"] = "platt"
    slope: float = Field(gt=0.0)
    intercept: float

    @model_validator(mode="after")
    def _none_changes_nothing(self) -> Self:
        if self.method == "none" and (self.slope, self.intercept) != (1.0, 0.0):
            raise ValueError("the calibration method none must have slope 1 and intercept 0")
        return self

    def probability(self, logit: float) -> float:
        """The calibrated probability of a logit, by the same function that fitting and judging use."""
        return float(self.probabilities(logit))

    def probabilities(self, logits: npt.ArrayLike) -> FloatArray:
        """The calibrated probabilities of logits of any shape, float64 in [0, 1]."""
        return calibrate(logits, slope=self.slope, intercept=self.intercept)


RAW = PlattCalibration(method="none", slope=1.0, intercept=0.0)
"""Nothing calibrated: the probability is the network's own sigmoid."""


class LabelResult(Part):
    """How one label did on one set of images, judged at the card's operating point."""

    set: str = Field(description="which images, for example 'validation'")
    is_test: bool = Field(default=False, description="whether nothing was fitted or chosen on them: a look at a test")
    n: int = Field(ge=0)
    positives: int = Field(ge=0)
    auroc: Probability
    auroc_ci: Interval | None
    sensitivity: Probability
    sensitivity_ci: Interval | None
    specificity: Probability
    specificity_ci: Interval | None
    baseline: str | None = Field(default=None, description="the simple rule that this label was compared with")
    baseline_auroc: Probability | None = None
    note: str | None = Field(default=None, description="what must be known of the intervals, or why there is none")
    calibration: ResultCalibration | None = Field(
        default=None, description="how far stated probabilities are from what came; null where it was not measured"
    )


class LabelFit(Part):
    """What a calibration at its user's own images rests on; the intervals are 95%, by patient.

    They say how far the numbers would move with other patients of the same place.
    """

    n: int = Field(ge=0, description="images with a known truth")
    positives: int = Field(ge=0)
    ill_patients: int = Field(ge=0, description="patients with an image that has the finding")
    well_patients: int = Field(ge=0, description="patients with an image that has it not")
    fitted: str = Field(description="what of the calibration was fitted, in words")
    slope_ci: Interval | None = Field(description="null where the slope was kept, or the images do not give one")
    intercept_ci: Interval | None
    operating_point_ci: Interval | None = Field(
        description="of the calibrated probability; patients are drawn, the calibration stays"
    )


class ViewNotReliable(Part):
    """A view in which a label has not earned its decision."""

    view: ViewName
    why: str = Field(description="half a sentence")


class Label(GrownPart):
    """One output of the graph, in order."""

    later_fields: ClassVar[frozenset[str]] = frozenset({"fit", "not_reliable", "not_reliable_in"})

    name: str
    calibration: PlattCalibration
    operating_point: Probability | None = Field(
        description="calibrated probability at and above which a finding is positive, or null where none was fitted: "
        "a reading then decides nothing"
    )
    operating_point_rule: str
    not_reliable: str | None = Field(
        default=None,
        description="why the label has not earned a decision, in half a sentence: it is read, listed as not reliable "
        "here, and never decided; null and not written for any other label",
    )
    not_reliable_in: tuple[ViewNotReliable, ...] = Field(
        default=(),
        description="the views in which a label that is decided has not earned it: there it is listed as not reliable "
        "here; not written where there are none",
    )
    results: tuple[LabelResult, ...] = ()
    fit: LabelFit | None = Field(
        default=None, description="how `hilum models calibrate` fitted it; absent where that did not"
    )

    @model_validator(mode="after")
    def _what_is_not_reliable_is_not_decided(self) -> Self:
        if self.not_reliable is not None and self.operating_point is not None:
            raise ValueError("a label that is not reliable must have no operating point")
        if self.not_reliable_in and self.operating_point is None:
            raise ValueError("a label that is never decided must name no view in which it is not")
        return self

    @property
    def why_not_reliable(self) -> str | None:
        """What a report says of a label that has not earned a decision; None of any other."""
        return None if self.not_reliable is None else f"{NOT_RELIABLE}: {self.not_reliable}"

    @property
    def how_decided(self) -> tuple[object, ...]:
        """What two labels share that are decided alike."""
        return self.operating_point, self.not_reliable, self.not_reliable_in

    def why_not_in(self, view: str) -> str | None:
        """What a report says of the label in images of `view`, where it is not decided although elsewhere it is."""
        return next((f"{NOT_RELIABLE}: {one.why}" for one in self.not_reliable_in if one.view == view), None)

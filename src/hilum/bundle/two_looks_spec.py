"""What the card of two looks adds: a network of the whole picture sends another to the part that it attends to.

The graph `model.onnx` takes `input`, float32 (N, 1, H, W), as the card's `preprocess` makes it, and `about`, float32
(N, 8), what is known of each patient (`about_patient`). Both networks' inputs are cut out of `input` within the graph.
It gives for L labels

- `logits` (N, L), of both networks and what is known; `whole_logits` and `crop_logits` (N, L), each network's own;
- `whole_maps` and `crop_maps` (N, L, h, w), the class maps of `logits` on either look, in units of logit contribution;
- `boxes` (N, B, 4), left, top, right and bottom of what was cut out, in pixels of `input`. B is 1, or L where each
  label has a crop of its own;
- `told` (N, 3, L), by how much age, sex and view change `logits` against their being unknown.

The sums of both maps and of `told` are `logits` less one constant a label.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from hilum.bundle.card_part import Part
from hilum.bundle.label import Label
from hilum.radiograph import Sex, View

ABOUT = "about"
"""The graph's input beside the picture."""

BOXES, TOLD = "boxes", "told"
"""What the graph gives beside the logits and maps, which are called as a fusion's."""

AttendedMap = Literal["channel maximum", "most probable label", "each label"]
"""Whose map says where to look: the largest magnitude over all channels in each cell, the class map of the label with
the largest logit, or the class map of each label, which gives a box a label."""

_ATTENDED = {
    "channel maximum": "the channels' maximum",
    "most probable label": "the class map of the most probable label",
    "each label": "the class map of each label",
}

TOLD_OF = ("age", "sex", "view")
"""What is told of a patient, in the order of the graph's `told`."""

TOLD_GROUPS = (0, 0, 1, 1, 1, 2, 2, 2)
"""To which of `TOLD_OF` each place of `about` belongs."""

_MIDDLE_YEARS, _SPREAD_YEARS = 50.0, 25.0


def about_patient(*, age_years: float | None, sex: Sex, view: View) -> tuple[float, ...]:
    """The numbers that a network is told of a patient; what is not known has places of its own.

    They are: (age - 50) / 25, or 0; 1 where the age is unknown; 1 for a woman; for a man; for any other or unknown sex;
    1 for PA; for AP; for any other or unknown view.
    """
    age = 0.0 if age_years is None else (age_years - _MIDDLE_YEARS) / _SPREAD_YEARS
    return (
        age,
        float(age_years is None),
        *(float(sex == known) for known in ("F", "M")),
        float(sex not in ("F", "M")),
        *(float(view == known) for known in ("PA", "AP")),
        float(view not in ("PA", "AP")),
    )


NOTHING_TOLD = about_patient(age_years=None, sex="unknown", view="unknown")
"""A patient of whom nothing is known."""


class TwoLooksSpec(Part):
    """The card's `labels` are those of both looks together.

    `whole_labels` and `crop_labels` are the same labels with each look's own calibration and operating points.
    """

    crop_architecture: str
    attention: AttendedMap
    threshold: float = Field(gt=0.0, le=1.0, description="of the map scaled to [0, 1]; fixed beforehand")
    subdivisions: int = Field(ge=1, description="of a cell of the map, a side, before the threshold")
    look: tuple[int, int] = Field(description="rows and columns of both networks' inputs")
    crop_source: str = Field(description="from pictures of which size the crops are cut, in words")
    whole_labels: tuple[Label, ...]
    crop_labels: tuple[Label, ...]
    crops_compared: int = Field(default=0, ge=0, description="validation pictures whose crop was compared with torch's")
    crops_changed: int = Field(
        default=0, ge=0, description="those in which the graph looks elsewhere than the network that it was made from"
    )

    crops_whole: int = Field(
        default=0,
        ge=0,
        description="of those compared, the ones in which the crop is the whole picture: nothing drew attention",
    )

    @property
    def in_words(self) -> str:
        """How the crop comes about, and how often the graph cuts it elsewhere than the network it was made from."""
        rows, columns = self.look
        attended = _ATTENDED[self.attention]
        return (
            f"what draws attention by {attended}, at least {self.threshold:g} of its range, cut out of "
            f"{self.crop_source}, and read at {columns} x {rows} by {self.crop_architecture}; the graph cuts it "
            f"elsewhere than the trained network in {self.crops_changed} of {self.crops_compared} validation pictures, "
            f"and in {self.crops_whole} it is the whole picture"
        )

    @model_validator(mode="after")
    def _no_more_changed_than_compared(self) -> Self:
        if self.crops_changed > self.crops_compared:
            raise ValueError(f"{self.crops_changed} of {self.crops_compared} crops cannot have changed")
        if self.crops_whole > self.crops_compared:
            raise ValueError(f"{self.crops_whole} of {self.crops_compared} crops cannot be the whole picture")
        return self

"""What the card of an ensemble adds: several networks of one picture and the same labels, read as the mean of them.

The graph `model.onnx` takes `input`, float32 (N, C, H, W), and gives for M members and L labels

- `logits` (N, L), the log odds of the mean of the members' probabilities;
- `member_logits` (N, M, L), each member's own, in the order of the card;
- `maps` (N, L, h, w), the mean of p (1 - p) times the member's class map, where p is the member's probability. A class
  map is in units of logit contribution, so this one is in units of probability: to first order, what each cell adds to
  the mean probability. h and w are those of the finest member.

The card's labels are those of the ensemble: their calibration and operating points belong to `logits`.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from hilum.bundle.card_part import Part

MEMBER_LOGITS, MAPS = "member_logits", "maps"
"""What the graph gives beside its logits."""


class EnsembleMember(Part):
    """One network of an ensemble, and what it was trained as; its settings stand in the card's `training.recipe`."""

    name: Annotated[str, Field(min_length=1, description="what readings call it")]
    architecture: str
    starting_weights: str
    seed: int


class EnsembleSpec(Part):
    """The members, in the order of the graph's `member_logits`; all have the card's preprocess and labels."""

    members: Annotated[tuple[EnsembleMember, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        if len(set(self.names)) != len(self.names):
            raise ValueError(f"the names of an ensemble's members must be unique, came {list(self.names)}")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """What the members are called."""
        return tuple(member.name for member in self.members)

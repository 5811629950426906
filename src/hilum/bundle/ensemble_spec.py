"""What the card of an ensemble adds: several networks of one picture and the same labels, read as the mean of them.

The graph `model.onnx` takes `input`, float32 (N, C, H, W), and gives for M members and L labels

- `logits` (N, L), the log odds of the mean of the members' probabilities, by their weights where these differ;
- `member_logits` (N, M, L), each member's own, in the order of the card;
- `maps` (N, L, h, w), the mean of p (1 - p) times the member's class map, where p is the member's probability. A class
  map is in units of logit contribution, so this one is in units of probability: to first order, what each cell adds to
  the mean probability. h and w are those of the finest member.

Where the members were bundles before (`hilum ensemble`), a member's logits are those of its bundle by that bundle's own
calibration, so that its probability here is what it says alone.

The card's labels are those of the ensemble: their calibration and operating points belong to `logits`.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from hilum.bundle.card_part import GrownPart, Part, Probability, Sha256

MEMBER_LOGITS, MAPS = "member_logits", "maps"
"""What the graph gives beside its logits."""


class EnsembleMember(GrownPart):
    """One network of an ensemble, and what it was trained as; its settings stand in the card's `training.recipe`."""

    later_fields: ClassVar[frozenset[str]] = frozenset({"made_of", "made_of_sha256", "weight"})

    name: Annotated[str, Field(min_length=1, description="what readings call it")]
    architecture: str
    starting_weights: str
    seed: int
    weight: Probability | None = Field(
        default=None, description="the member's share of the mean; absent where all have the same"
    )
    made_of: str | None = Field(
        default=None, description="name and version of the bundle that the member was; absent where it never was one"
    )
    made_of_sha256: Sha256 | None = Field(default=None, description="of that bundle's card; absent likewise")


class EnsembleSpec(Part):
    """The members, in the order of the graph's `member_logits`; all have the card's preprocess and labels."""

    members: Annotated[tuple[EnsembleMember, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        if len(set(self.names)) != len(self.names):
            raise ValueError(f"the names of an ensemble's members must be unique, but these are {list(self.names)}")
        return self

    @model_validator(mode="after")
    def _weights_share_the_mean(self) -> Self:
        weights = [member.weight for member in self.members if member.weight is not None]
        if weights and (len(weights) < len(self.members) or not math.isclose(sum(weights), 1.0, abs_tol=1e-6)):
            raise ValueError(
                f"the weights of an ensemble's members must sum to 1, or none have one, but they are {weights}"
            )
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """What the members are called."""
        return tuple(member.name for member in self.members)

"""What every part of a card is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Interval = tuple[float, float]

CompressionMethod = Literal["none", "float16 weights", "int8 and float16 weights", "int8 weights"]
"""How a graph was made small: as it is; large constants in half precision; large convolutions in 8 bits, the rest
in half."""


class Part(BaseModel):
    """Frozen, and without fields that this version does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def changed(self, changes: Mapping[str, object]) -> Self:
        """The same with other fields, checked as a whole; raises pydantic's `ValidationError` where they do not fit."""
        return type(self).model_validate({**dict(self), **changes})

"""What every part of a card is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Interval = tuple[float, float]
ViewName = Literal["PA", "AP", "LL"]

CompressionMethod = Literal["none", "float16 weights", "int8 and float16 weights", "int8 weights"]
"""How a graph was made small: as it is; large constants in half precision; large convolutions in 8 bits, the rest
in half."""


class Part(BaseModel):
    """Frozen, and without fields that this version does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def changed(self, changes: Mapping[str, object]) -> Self:
        """The same with other fields, checked as a whole; raises pydantic's `ValidationError` where they do not fit."""
        return type(self).model_validate({**dict(self), **changes})


class GrownPart(Part):
    """A part that got fields after cards of it were written, named in `later_fields`.

    Such a field is not written where it has its default, so that a hilum which does not know it still reads the card.
    """

    later_fields: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _without_the_usual(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = serialise(self)
        declared = type(self).model_fields
        usual = {name for name in self.later_fields if getattr(self, name) == declared[name].default}
        return {name: value for name, value in fields.items() if name not in usual}

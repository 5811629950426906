"""A tuple of what models found that answers by name as well as by place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, Self, SupportsIndex, TypeVar, overload

from hilum.errors import UsageError
from hilum.nearest import nearest


class Found(Protocol):
    """What a model says under a name; `positive` is None where it decides nothing."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def name(self) -> str:
        """The finding's name."""

    @property
    def positive(self) -> bool | None:
        """The decision."""


One = TypeVar("One", bound=Found)


class ByName(tuple[One, ...], Generic[One]):
    """A tuple, in the models' order, whose items are also had by name, such as `findings["Pneumonia"]`.

    Where several models look for one finding, its name alone means the one that is decided, if just one is; else name
    the model before it: `findings["chest-adult", "Pneumonia"]`. Raises `UsageError` for a name that is not there, or
    that several have.
    """

    __slots__ = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Each name once, in order."""
        return tuple(dict.fromkeys(one.name for one in self))

    @overload
    def __getitem__(self, key: SupportsIndex | str | tuple[str, str], /) -> One: ...
    @overload
    def __getitem__(self, key: slice, /) -> Self: ...
    def __getitem__(self, key: SupportsIndex | slice | str | tuple[str, str], /) -> One | Self:
        """The one at a place or of a name, or a slice of them."""
        if isinstance(key, slice):
            return type(self)(super().__getitem__(key))
        if not isinstance(key, str | tuple):
            return super().__getitem__(key)
        model, name = (None, key) if isinstance(key, str) else key
        found = [one for one in self if one.name == name and model in (None, one.model)]
        decided = [one for one in found if one.positive is not None]
        if len(found) == 1 or len(decided) == 1:
            return (decided or found)[0]
        raise UsageError(_several(name, found=found) if found else self._none(name, model=model))

    def _none(self, name: str, *, model: str | None) -> str:
        if not self:
            return f"There is no finding {name}: nothing was looked for in this radiograph. See its check and warnings"
        asked = name if model is None else f"{name} of the model {model}"
        close = nearest(name, among=self.names)
        known = ", ".join(f"{one.name} ({one.model})" if model else one.name for one in self)
        return f"There is no finding {asked}. " + (
            f"Did you mean {close[0]}?" if close and not model else f"Found: {known}"
        )


def _several(name: str, *, found: Sequence[Found]) -> str:
    models = ", ".join(one.model for one in found)
    return f"{len(found)} models look for {name}: {models}. Name one, such as findings[{found[0].model!r}, {name!r}]"

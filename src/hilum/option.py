"""One option of a command, as the dataclass that takes it declares it: `folds: Annotated[int, Option(...)] = 5`.

So a system's options stand beside what they decide; a command line makes flags of them, and from Python they are
fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """How a field is said on a command line, as `flag` where that is not the field's own name.

    `least` is the smallest value of a number. One that does not decide the result (`decides`) stands in no record.
    """

    help: str
    metavar: str | None = None
    flag: str | None = None
    least: int | None = None
    decides: bool = True


def options_of(declared: type) -> Mapping[str, Option]:
    """The options that a dataclass declares, by the field's name."""
    hints = get_type_hints(declared, include_extras=True)
    return {field.name: next(iter(hints[field.name].__metadata__)) for field in fields(declared)}


def flag_of(name: str, *, option: Option) -> str:
    """The flag of the field with this name."""
    return option.flag or f"--{name.replace('_', '-')}"


def words_of(chosen: Any) -> list[str]:
    """The words of a command for all options of the dataclass `chosen` that decide a result and are not the default.

    Of files and folders the names alone.
    """
    default = type(chosen)()
    words = []
    for name, option in options_of(type(chosen)).items():
        value = getattr(chosen, name)
        if option.decides and value != getattr(default, name):
            said = value.name if isinstance(value, Path) else str(value)
            words += [flag_of(name, option=option), *([] if value is True else [said])]
    return words


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOptions:
    """For what takes no options of its own."""


NO_OPTIONS = NoOptions()

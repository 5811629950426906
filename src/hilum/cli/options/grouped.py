"""Options that several commands take together: the fields of a dataclass, which the command gets as one object."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Annotated, Any, get_args, get_type_hints

import typer

from hilum.option import Option, flag_of


def with_groups(command: Callable[..., None], **groups: type) -> Callable[..., None]:
    """`command` with the fields of each group in the place of its parameter of that name.

    A group is a dataclass whose fields have defaults and are annotated with `Option`, or with Typer's own option. The
    parameters of `command` that stay come first, by keyword; it gets one object of each group.
    """
    names = {name: [field.name for field in fields(group)] for name, group in groups.items()}

    def expanded(*args: Any, **given: Any) -> None:
        made = {name: group(**{field: given.pop(field) for field in names[name]}) for name, group in groups.items()}
        command(*args, **given, **made)

    hints = get_type_hints(command, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name])
        for parameter in inspect.signature(command).parameters.values()
        if parameter.name not in groups
    ]
    parameters = [*own, *(parameter for group in groups.values() for parameter in _parameters(group))]
    set_parameters(expanded, parameters)
    expanded.__name__, expanded.__doc__ = command.__name__, command.__doc__
    return expanded


def set_parameters(command: Callable[..., None], parameters: Sequence[inspect.Parameter]) -> None:
    """Let Typer see these as the parameters of `command`."""
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}


def typer_option(name: str, option: Option) -> Any:
    """The option of a field as Typer has it."""
    return typer.Option(flag_of(name, option=option), metavar=option.metavar, min=option.least, help=option.help)


def _parameters(group: type) -> list[inspect.Parameter]:
    hints, default = get_type_hints(group, include_extras=True), group()
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=getattr(default, field.name),
            annotation=_of_typer(field.name, hints[field.name]),
        )
        for field in fields(group)
    ]


def _of_typer(name: str, annotation: Any) -> Any:
    type_, *declared = get_args(annotation)
    found = [typer_option(name, each) if isinstance(each, Option) else each for each in declared]
    return Annotated[type_, *found]

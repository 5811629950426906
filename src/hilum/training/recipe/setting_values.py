"""One value of a setting, from the text after `KEY=` and the type that the setting is annotated with."""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

_BOOLS = {"true": True, "false": False}
_NONE = "none"


class UnfitValueError(ValueError):
    """The text is no value of the type; the message says what was expected."""


def parse_value(text: str, *, annotation: Any) -> Any:
    """The value that `text` spells for `annotation`.

    Numbers are finite; booleans are `true` and `false`; `none` is None where the type allows it; a tuple is its items
    with commas between them, in parentheses or not. Raises `UnfitValueError` for anything else.
    """
    annotation = bare(annotation)
    arms = union_arms(annotation)
    if arms:
        return _first_fit(text, arms=arms)
    origin = get_origin(annotation)
    if origin is Literal:
        return _option(text, options=get_args(annotation))
    if origin is tuple:
        return _tuple(text, items=get_args(annotation))
    parse = _SCALARS.get(annotation)
    if parse is None:
        raise UnfitValueError("nothing: this setting is changed in the recipe's Python")
    return parse(text)


def describe_type(annotation: Any) -> str:
    """What a value of `annotation` looks like, in words."""
    annotation = bare(annotation)
    arms = union_arms(annotation)
    if arms:
        return " or ".join(describe_type(arm) for arm in arms)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(str(option) for option in arguments)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return f"{describe_type(arguments[0])}, ... with commas between them"
        return f"{len(arguments)} values ({', '.join(map(describe_type, arguments))}) with commas between them"
    return _NAMES.get(annotation, "a value that only the recipe's Python can give")


def bare(annotation: Any) -> Any:
    """The annotation without its `Annotated[...]` wrapping."""
    return bare(get_args(annotation)[0]) if get_origin(annotation) is Annotated else annotation


def union_arms(annotation: Any) -> tuple[Any, ...]:
    """The types that a union allows, or nothing where it is no union."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else ()


def _first_fit(text: str, *, arms: tuple[Any, ...]) -> Any:
    for arm in sorted(arms, key=lambda arm: arm is not types.NoneType):  # "none" is also text
        try:
            return parse_value(text, annotation=arm)
        except UnfitValueError:
            continue
    raise UnfitValueError(" or ".join(map(describe_type, arms)))


def _option(text: str, *, options: tuple[Any, ...]) -> Any:
    for option in options:
        if str(option) == text:
            return option
    raise UnfitValueError(" or ".join(map(str, options)))


def _tuple(text: str, *, items: tuple[Any, ...]) -> tuple[Any, ...]:
    inner = text.strip().removeprefix("(").removesuffix(")").strip().removesuffix(",")
    parts = [part.strip() for part in inner.split(",")] if inner else []
    if len(items) == 2 and items[1] is Ellipsis:
        return tuple(parse_value(part, annotation=items[0]) for part in parts)
    if len(parts) != len(items):
        raise UnfitValueError(f"{len(items)} values with commas between them")
    return tuple(parse_value(part, annotation=item) for part, item in zip(parts, items, strict=True))


def _bool(text: str) -> bool:
    if text.lower() not in _BOOLS:
        raise UnfitValueError("true or false")
    return _BOOLS[text.lower()]


def _int(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise UnfitValueError("a whole number") from error


def _float(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise UnfitValueError("a number") from error
    if not math.isfinite(value):
        raise UnfitValueError("a finite number")
    return value


def _none(text: str) -> None:
    if text.lower() != _NONE:
        raise UnfitValueError(_NONE)


_SCALARS: Mapping[Any, Callable[[str], Any]] = {
    bool: _bool, int: _int, float: _float, str: str, Path: Path, types.NoneType: _none,
}  # fmt: skip

_NAMES: Mapping[Any, str] = {
    bool: "true or false", int: "a whole number", float: "a number", str: "text", Path: "a path",
    types.NoneType: "none",
}  # fmt: skip

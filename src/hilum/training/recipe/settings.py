"""`--set KEY=VALUE`: dotted keys into a recipe's frozen parts, each value checked against its annotation.

A key walks through dataclasses and pydantic models by field, through mappings by key, and through tuples of such parts
by the part's `name` where it has one, else by its position: `optimizer.learning_rate`, `preprocess.steps.0.height`.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ValidationError

from hilum.errors import HilumError, UsageError
from hilum.training.recipe.setting_values import UnfitValueError, bare, describe_type, parse_value, union_arms

T = TypeVar("T")
Value = str | int | float | bool | None | list["Value"]

SHORT_NAMES: Mapping[str, str] = {"lr": "learning_rate"}
"""What a key's last word may be shortened to."""

HIDDEN = {"setting": False}
"""`dataclasses.field(metadata=HIDDEN)` keeps a field out of the settings: text for a card, not a choice in training."""

WHERE_THERE = {"setting": "where there"}
"""`metadata=WHERE_THERE` shows a part's settings where the part is there, and nothing where it is None."""


OWN_MEANING = {"carried": False}
"""`metadata=OWN_MEANING` of a field whose name means something else in another kind: it is not taken over."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One leaf: its dotted key, its value and its annotation.

    Where a part may be of several kinds (dataclasses of a union), the leaf `KEY.kind` says which it is: its value is
    the part itself, and `kinds` are those that there are.
    """

    key: str
    value: Any
    annotation: Any
    kinds: tuple[type, ...] = ()


def settings_of(root: object) -> dict[str, Setting]:
    """Every setting under `root`, by dotted key, in the order of the fields."""
    return {setting.key: setting for setting in _leaves(root, annotation=type(root), prefix="")}


def flat_values(root: object) -> dict[str, Value]:
    """The settings as JSON values, for `run.json` and a card."""
    return {key: json_value(setting.value) for key, setting in settings_of(root).items()}


def card_settings(root: object) -> dict[str, str | int | float | bool]:
    """The settings as a card holds them: lists are words with commas, what is not set is `none`."""
    said: dict[str, str | int | float | bool] = {}
    for key, value in flat_values(root).items():
        if isinstance(value, list):
            said[key] = ", ".join(map(str, value))
        else:
            said[key] = "none" if value is None else value
    return said


def with_setting(root: T, *, key: str, text: str) -> T:
    """A copy of `root` in which the setting `key` is what `text` spells.

    Raises `UsageError` for a key that is none (it names the nearest), and for a value that does not fit its type or
    that the part it stands in refuses.
    """
    known = settings_of(root)
    name = full_name(key)
    if name not in known:
        raise UsageError(unknown_key(key, known=list(known)))
    path = tuple(name.split("."))
    setting = known[name]
    if setting.kinds:
        return cast(T, _replaced(root, path=path[:-1], value=_of_kind(setting, text=text)))
    try:
        value = parse_value(text, annotation=setting.annotation)
    except UnfitValueError as error:
        raise UsageError(f"{name} must be {describe_type(setting.annotation)}, not {text!r}") from error
    try:
        return cast(T, _replaced(root, path=path, value=value))
    except (HilumError, ValidationError, ValueError, TypeError) as error:
        raise UsageError(f"{name} cannot be {text!r}: {_first_line(error)}") from error


def split_pair(pair: str) -> tuple[str, str]:
    """Key and text of one KEY=VALUE. Raises `UsageError` where there is no `=` or no key."""
    key, equals, text = pair.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"--set takes KEY=VALUE, such as epochs=10; given: {pair!r}")
    return key.strip(), text.strip()


def full_name(key: str) -> str:
    """The key with its last word written out; a short name alone is a setting of the optimizer."""
    *front, last = key.split(".")
    if key in SHORT_NAMES:  # every recipe has it in its optimizer
        front = ["optimizer"]
    return ".".join([*front, SHORT_NAMES.get(last, last)])


def unknown_key(key: str, *, known: Sequence[str]) -> str:
    """What to say of a key that is none: the nearest one there is."""
    nearest = sorted(known, key=functools.partial(_likeness, full_name(key)))[-1:]
    hint = f"; the nearest is {nearest[0]}" if nearest else ""
    return f"The recipe has no setting {key!r}{hint}; --show-settings lists them all"


def json_value(value: Any) -> Value:
    """A leaf as JSON holds it: tuples are lists, paths their names alone, so that no folder of a machine is written."""
    if isinstance(value, tuple | list):
        return [json_value(item) for item in value]
    if isinstance(value, Path):
        return value.name
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return type(value).__name__


def _likeness(key: str, other: str) -> tuple[float, float]:
    last = (key.rsplit(".", 1)[-1], other.rsplit(".", 1)[-1])
    return difflib.SequenceMatcher(None, key, other).ratio() + difflib.SequenceMatcher(None, *last).ratio(), -len(other)


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return str(error.errors()[0]["msg"])
    return str(error).partition("\n")[0]


def _leaves(value: Any, *, annotation: Any, prefix: str) -> Iterator[Setting]:
    kinds = tuple(
        arm for arm in union_arms(bare(annotation)) if isinstance(arm, type) and dataclasses.is_dataclass(arm)
    )
    if kinds:
        yield Setting(f"{prefix}.kind", value, annotation, kinds)
    children = _children(value)
    if children is None and not kinds:
        yield Setting(prefix, value, annotation)
    told = _mapping_values(annotation)
    for name, (child, child_annotation) in (children or {}).items():
        inner = child_annotation if told is None else told
        yield from _leaves(child, annotation=inner, prefix=f"{prefix}.{name}" if prefix else name)


def _mapping_values(annotation: Any) -> Any:
    """What the values of a mapping may be, where its annotation says so; else None."""
    arguments = get_args(bare(annotation))
    return arguments[1] if get_origin(bare(annotation)) is Mapping and len(arguments) == 2 else None


def _of_kind(setting: Setting, *, text: str) -> Any:
    """The part as another kind, with what means the same in both and the new kind's own values for the rest."""
    kinds = {kind.__name__: kind for kind in setting.kinds}
    allowed = [*kinds, *(["none"] if type(None) in union_arms(bare(setting.annotation)) else [])]
    if text not in allowed:
        raise UsageError(f"{setting.key} must be {' or '.join(allowed)}, not {text!r}")
    if text == "none":
        return None
    kind = kinds[text]
    carried = {field.name for field in dataclasses.fields(kind) if _is_carried(field) or type(setting.value) is kind}
    common = {name: getattr(setting.value, name) for name in carried if hasattr(setting.value, name)}
    lacking = [field.name for field in dataclasses.fields(kind) if _is_required(field) and field.name not in common]
    if lacking:
        raise UsageError(
            f"{setting.key}={text} needs {' and '.join(lacking)}, which --set cannot give with it. Write the recipe in "
            "a Python file and train that"
        )
    return kind(**common)


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _is_carried(field: dataclasses.Field[Any]) -> bool:
    carried: bool = field.metadata.get("carried", True)
    return carried


def _children(value: Any) -> dict[str, tuple[Any, Any]] | None:
    """The parts of a structured value by name, each with its annotation; None for a leaf."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        hints = get_type_hints(type(value), include_extras=True)
        shown = {field.name: field.metadata.get("setting", True) for field in dataclasses.fields(value)}
        children = {name: getattr(value, name) for name, how in shown.items() if how}
        return {
            name: (child, type(child) if shown[name] == WHERE_THERE["setting"] else hints[name])
            for name, child in children.items()
            if child is not None or shown[name] != WHERE_THERE["setting"]
        }
    if isinstance(value, BaseModel):
        return {name: (getattr(value, name), field.annotation) for name, field in type(value).model_fields.items()}
    if isinstance(value, Mapping):
        return {str(name): (child, type(child)) for name, child in value.items()}
    if isinstance(value, tuple) and value and all(_children(item) is not None for item in value):
        return {_item_name(item, index): (item, type(item)) for index, item in enumerate(value)}
    return None


def _item_name(item: Any, index: int) -> str:
    name = getattr(item, "name", None)
    return name if isinstance(name, str) else str(index)


def _replaced(root: Any, *, path: tuple[str, ...], value: Any) -> Any:
    """`root` with the part at `path` replaced, everything around it rebuilt through its own checks."""
    if not path:
        return value
    children = _children(root) or {}
    name, rest = _step(path, names=children)
    child = _replaced(children[name][0], path=rest, value=value)
    if isinstance(root, BaseModel):
        return type(root).model_validate({**{key: getattr(root, key) for key in type(root).model_fields}, name: child})
    if isinstance(root, Mapping):
        return {**root, name: child}
    if isinstance(root, tuple):
        return tuple(child if _item_name(item, index) == name else item for index, item in enumerate(root))
    return dataclasses.replace(root, **{name: child})


def _step(path: tuple[str, ...], *, names: Mapping[str, object]) -> tuple[str, tuple[str, ...]]:
    """The first name of the path (a name may itself hold dots) and the rest of the path."""
    for length in range(len(path), 0, -1):
        if ".".join(path[:length]) in names:
            return ".".join(path[:length]), path[length:]
    raise UsageError(f"There is no {path[0]!r}. Available: {', '.join(names)}")

"""Write the generated parts of docs/reference from the code: `python docs/make_reference.py [--check]`."""

from __future__ import annotations

import inspect
import re
import sys
from enum import Enum
from types import ModuleType
from typing import Any

from card_meanings import MEANINGS
from markers import table, write_or_check
from pydantic import BaseModel

import hilum
from hilum import errors
from hilum.bundle.card import Card
from hilum.cli.commands import COMMANDS
from hilum.cli.options.lazy import LazyGroup, load_command
from hilum.cli.options.messages import SHARED, shared_options
from hilum.cli.options.named_commands import NamedGroup
from hilum.report.schema import reading_schema
from hilum.training import recipe as recipe_face


def error_kinds() -> str:
    """One row a class of hilum.errors, in the order of the file."""
    classes = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.HilumError) and value is not errors.HilumError
    ]
    rows = [(f"`{c.kind}`", f"`{c.__name__}`", (c.__doc__ or "").strip().splitlines()[0]) for c in classes]
    return table(("kind", "Python class", "meaning"), rows)


def card_fields() -> str:
    """One section a part of the card, one row a field."""
    parts: list[type[BaseModel]] = [Card]
    for part in parts:  # grows while it is walked: the parts that a part holds come after it
        for field in part.model_fields.values():
            parts += [inner for inner in _models_in(field.annotation) if inner not in parts]
    fields = {f"{part.__name__}.{field.alias or name}" for part in parts for name, field in part.model_fields.items()}
    if unknown := sorted(set(MEANINGS) - fields):
        raise ValueError(f"card_meanings.py explains {unknown}, which the card has not")
    return "\n\n".join(_part_section(part) for part in parts)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in _models_in(inner)]


def _part_section(part: type[BaseModel]) -> str:
    first, _, rest = (part.__doc__ or "").strip().partition("\n")
    properties = part.model_json_schema()["properties"]
    rows = []
    for name, field in part.model_fields.items():
        key = field.alias or name
        meaning = field.description or MEANINGS.get(f"{part.__name__}.{key}", "")
        rows.append((f"`{key}`", _type_text(properties[key]), meaning))
    text = "\n".join(line.strip() for line in [first, *rest.splitlines()])
    return f"### {part.__name__}\n\n{text.strip()}\n\n{table(('field', 'type', 'meaning'), rows)}"


def commands() -> str:
    """One section a command, one row an argument or option, in the order of the table of commands."""
    sections = []
    for name, row in COMMANDS.items():
        command = load_command(name, row=row)
        if isinstance(command, NamedGroup):
            sections.append(_named_section(name, command))
            continue
        sections.append(_command_section((name,), command))
        later = command.table if isinstance(command, LazyGroup) else {}
        for inner, part in getattr(command, "commands", {}).items():
            loaded = load_command(f"{name} {inner}", row=later[inner]) if inner in later else part
            sections.append(_command_section((name, inner), loaded))
    sections.append(f"## What every command takes\n\n{_table_of(list(shared_options().values()))}")
    return "\n\n".join(sections)


def _named_section(name: str, group: Any) -> str:
    """The names of the group, the options that all of them take, and those that some take alone."""
    whole = group.commands_in_full()
    every = {inner: {parameter.name: parameter for parameter in part.params} for inner, part in whole.items()}
    shared = set.intersection(*map(set, every.values()))
    parts = [
        f"## hilum {name} {group.subcommand_metavar}",
        _plain(group.help or "").strip(),
        table((group.word, "what it is"), [(f"`{inner}`", part.short_help) for inner, part in whole.items()]),
        _options([one for key, one in next(iter(every.values())).items() if key in shared]),
    ]
    takers: dict[tuple[str, ...], list[str]] = {}
    for inner, parameters in every.items():
        takers.setdefault(tuple(key for key in parameters if key not in shared), []).append(inner)
    for keys, names in takers.items():
        if keys:
            parts += [f"Beside them, {_listed(names)} alone:", _options([every[names[0]][key] for key in keys])]
    return "\n\n".join(parts)


def _listed(names: list[str]) -> str:
    *most, last = [f"`{name}`" for name in names]
    return f"{', '.join(most)} and {last}" if most else last


def _command_section(path: tuple[str, ...], command: Any) -> str:
    text = _plain(command.help or "").strip()
    return f"## hilum {' '.join(path)}\n\n{text}\n\n{_options(command.params)}".strip()


def _options(parameters: list[Any]) -> str:
    """The options but for those that every command takes and declares in the same words."""
    hidden = {"help", "install_completion", "show_completion", *SHARED}
    own = [one for one in parameters if one.name not in hidden or (one.name in SHARED and one.rich_help_panel is None)]
    return _table_of(own)


def _table_of(parameters: list[Any]) -> str:
    rows = []
    for parameter in parameters:
        is_argument = parameter.param_type_name == "argument"
        names = [parameter.metavar or parameter.name.upper()] if is_argument else _option_names(parameter)
        rows.append((", ".join(f"`{name}`" for name in names), _default_text(parameter), _plain(parameter.help or "")))
    return table(("argument or option", "default", "meaning"), rows) if rows else ""


def _option_names(parameter: Any) -> list[str]:
    value = "" if parameter.is_flag else f" {parameter.metavar or _choices(parameter) or parameter.name.upper()}"
    return [f"{name}{value}" for name in (*parameter.opts, *parameter.secondary_opts)]


def _choices(parameter: Any) -> str:
    default = parameter.default
    return "|".join(str(choice) for choice in type(default)) if isinstance(default, Enum) else ""


def _default_text(parameter: Any) -> str:
    default = getattr(parameter, "default", None)
    if parameter.required:
        return "required"
    if default is None or default is False or default in ((), []) or callable(default) or not str(default):
        return ""
    return "on" if default is True else f"`{default}`"


def _plain(text: str) -> str:
    """Help text without rich's markup and with single line breaks as spaces."""
    paragraphs = re.sub(r"\[/?[a-z ]*\]", "", text).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def public_names(face: ModuleType) -> str:
    """One row a public name of a module, with the first sentence of what it is documented as."""
    rows = []
    for name in sorted(set(face.__all__) - {"__version__"}, key=str.lower):
        value = getattr(face, name)
        documented = isinstance(value, type) or inspect.isfunction(value)
        first = (inspect.getdoc(value) or "").partition("\n\n")[0] if documented else _alternatives(value)
        rows.append((f"`{name}`", " ".join(first.split())))
    return table(("name", "what it is"), rows)


MEMBERS = ("read", "read_many", "Reader", "Result", "Results", "Findings", "LungMasks", "FailedReading")
"""What reading in Python takes, in the order in which one meets it: with signatures, and every public member."""


def members() -> str:
    """One section a function or class of `MEMBERS`: its signature, the whole docstring, and its members in a table."""
    return "\n\n".join(_member_section(name, getattr(hilum, name)) for name in MEMBERS)


def _member_section(name: str, value: Any) -> str:
    documented = inspect.getdoc(value) or ""
    parts = [f"### {name}", f"`{_call(name, value)}`", documented.strip()]
    if isinstance(value, type):
        found = [one for one in dir(value) if not one.startswith("_") and one not in dir(tuple)]
        rows = [_member_row(one, value) for one in found if _has_own_text(value, one)]
        parts += [table(("member", "what it is"), rows)] if rows else []
    return "\n\n".join(parts)


def _has_own_text(owner: type, name: str) -> bool:
    """Whether a member is documented where it is defined: a field without a docstring is told of by its class."""
    member = inspect.getattr_static(owner, name)
    return isinstance(member, property | staticmethod) or inspect.isfunction(member)


def _member_row(name: str, owner: type) -> tuple[str, str]:
    member = inspect.getattr_static(owner, name)
    first = (inspect.getdoc(member) or "").partition("\n\n")[0]
    return f"`{name if isinstance(member, property) else _call(name, member)}`", " ".join(first.split())


def _call(name: str, value: Any) -> str:
    """How it is called: names and defaults, without types, which the stubs hold."""
    value = value.__func__ if isinstance(value, staticmethod) else value
    parameters = [
        one.replace(annotation=inspect.Parameter.empty)
        for one in inspect.signature(value).parameters.values()
        if one.name != "self"
    ]
    shown = [one.replace(default=...) if _says_little(one.default) else one for one in parameters]
    return f"{name}{inspect.Signature(shown)}".replace("Ellipsis", "...")


def _says_little(default: Any) -> bool:
    """Whether a default's own text is that of a whole object, such as an empty statement."""
    return default is not inspect.Parameter.empty and not isinstance(default, str | int | float | bool | None)


def _alternatives(union: Any) -> str:
    return "one of " + ", ".join(f"`{part.__name__}`" for part in union.__args__)


def reading_fields() -> str:
    """One row a key of a reading, then of a failure, with dotted paths."""
    schema = reading_schema()
    sections = []
    for kind in ("reading", "failure"):
        rows = [
            (f"`{path}`", _type_text(part, schema), part.get("description", "")) for path, part in _walk(schema, kind)
        ]
        sections.append(f"### A {kind}\n\n" + table(("key", "type", "meaning"), rows))
    return "\n\n".join(sections)


def _walk(schema: dict[str, Any], kind: str) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []

    def visit(part: dict[str, Any], path: str) -> None:
        part = _resolved(part, schema)
        if path:
            found.append((path, part))
        for shape in (part, *part.get("oneOf", ())):  # an object, or an object or null
            for key, inner in _resolved(shape, schema).get("properties", {}).items():
                visit(inner, f"{path}.{key}" if path else key)
        items = part.get("items")
        if isinstance(items, dict) and "properties" in _resolved(items, schema):
            for key, inner in _resolved(items, schema)["properties"].items():
                visit(inner, f"{path}[].{key}")

    visit(schema["$defs"][kind], "")
    return found


def _resolved(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    target = schema["$defs"][part["$ref"].rpartition("/")[2]]
    return {**target, **{key: value for key, value in part.items() if key != "$ref"}}


def _type_text(part: dict[str, Any], schema: dict[str, Any] | None = None) -> str:
    """The type in words that a reader of JSON knows."""
    if "$ref" in part and schema is not None:
        part = _resolved(part, schema)
    for word in ("anyOf", "oneOf"):
        if word in part:
            return " or ".join(dict.fromkeys(_type_text(inner, schema) for inner in part[word]))
    if "$ref" in part:
        return part["$ref"].rpartition("/")[2]
    if "const" in part:
        return f"`{part['const']}`"
    if "enum" in part:
        return ", ".join("null" if value is None else f"`{value}`" for value in part["enum"])
    kinds = part.get("type", "any")
    text = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    items = part.get("items") or next(iter(part.get("prefixItems", ())), None)
    if "array" in text and items:
        text = text.replace("array", f"array of {_type_text(items, schema)}")
    bounds = [f"{sign} {part[key]}" for key, sign in _BOUNDS.items() if key in part]
    return f"{text}, {', '.join(bounds)}" if bounds else text


_BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def main() -> int:
    """Write, or check with `--check`."""
    pages = {
        "docs/reference/python.md": {
            "names": public_names(hilum),
            "members": members(),
            "recipe-names": public_names(recipe_face),
        },
        "docs/reference/cli.md": {"commands": commands()},
        "docs/reference/errors.md": {"kinds": error_kinds()},
        "docs/reference/card.md": {"fields": card_fields()},
        "docs/reference/reading-json.md": {"fields": reading_fields()},
    }
    return write_or_check(pages, check="--check" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())

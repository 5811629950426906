"""What `hilum.toml` and the environment say of options, checked against the commands that have them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hilum.cli.options.lazy import LazyCommand, LazyGroup, load_command
from hilum.cli.options.messages import SHARED
from hilum.cli.options.named_commands import NamedGroup
from hilum.cli.options.settings_file import SettingsFile
from hilum.cli.options.tidy import flag_name, variable_of
from hilum.errors import UsageError
from hilum.nearest import nearest_words

_SHARED_KEYS = tuple(name.replace("_", "-") for name in SHARED)
"""What a file may say above all tables: of every command."""


_BEGIN = "HILUM_"
OF_EVERY_COMMAND: Mapping[str, str] = {
    "HILUM_CONFIG": "the file of settings",
    "HILUM_MODELS": "the folder of your own models",
    "HILUM_CACHE": "the folder of prepared images",
    "HILUM_LEDGER": "the ledger",
    "HILUM_LOG_FILE": "--log-file",
    "HILUM_LOG_FORMAT": "--log-format",
}
"""What variables of the environment say that belong to no option of one command."""


@dataclass(frozen=True, slots=True)
class Setting:
    """An option of a command, such as `read --out`, what it is by default here, and where that stands.

    Of a variable that no option has, `problem` says so; then `option` is the variable's own name.
    """

    option: str
    value: str
    source: str
    problem: str | None = None


def check_tables(file: SettingsFile, *, table: Mapping[str, LazyCommand]) -> None:
    """Refuse what names no command. Raises `UsageError` that says the nearest."""
    for key, value in file.tables.items():
        known = (*table, *_SHARED_KEYS)
        if _key(key) not in known:
            raise UsageError(f"{file.path}: no command or common option {key!r}{nearest_words(key, among=known)}")
        if (_key(key) in table) != isinstance(value, Mapping):
            form = f"[{key}]" if _key(key) in table else f"{key} = …"
            raise UsageError(f"{file.path}: {key} is written as {form}")


def default_map(
    files: Sequence[SettingsFile], *, name: str, command: Any, table: Mapping[str, LazyCommand]
) -> dict[str, Any]:
    """What options of the command `name`, and of commands below it, are where nothing else is said; later files win.

    Raises `UsageError`, in one line with the file, the table and the nearest key, for what the command does not have.
    """
    found: dict[str, Any] = {}
    for file in files:
        check_tables(file, table=table)
        common = {key: value for key, value in file.tables.items() if not isinstance(value, Mapping)}
        own = file.tables.get(name, {})
        _merge(found, _defaults({**common, **own}, command=command, place=f"{file.path}: [{name}]", common=set(common)))
    return found


def settings_here(
    files: Sequence[SettingsFile], *, table: Mapping[str, LazyCommand], environment: Mapping[str, str] = os.environ
) -> Iterator[Setting]:
    """Every setting of files and environment, what wins alone, in the order in which they are met.

    Imports the commands that are named. Raises `UsageError` as `default_map`.
    """
    found: dict[str, Setting] = {}
    for file in files:
        check_tables(file, table=table)
        for key, value in file.tables.items():
            if not isinstance(value, Mapping):
                found[f"--{_key(key)}"] = Setting(f"--{_key(key)}", str(value), str(file.path))
                continue
            default_map([file], name=key, command=load_command(key, row=table[key]), table=table)
            for option, said in _flat(key, value):
                found[option] = Setting(option, said, str(file.path))
    found |= {setting.option: setting for setting in _of_the_environment(environment, table=table)}
    yield from found.values()


def _of_the_environment(environment: Mapping[str, str], *, table: Mapping[str, LazyCommand]) -> Iterator[Setting]:
    """Every variable whose name begins with `HILUM_`: those of every command, those of options, and those of none."""
    named = [variable for variable in environment if variable.startswith(_BEGIN)]
    begun = tuple(name for name in table if any(one.startswith(f"{_BEGIN}{name.upper()}_") for one in named))
    known = dict(OF_EVERY_COMMAND)
    for name in begun:
        options = _options_below((name,), load_command(name, row=table[name]))
        known |= {variable_of(path, option): f"{' '.join(path)} --{flag_name(option)}" for path, option in options}
    for variable in named:
        text = known.get(variable, variable)
        problem = None if variable in known else f"no option has this variable{nearest_words(variable, among=known)}"
        yield Setting(text, environment[variable], variable, problem)


def _defaults(table: Mapping[str, Any], *, command: Any, place: str, common: set[str]) -> dict[str, Any]:
    inner = _inner(command)
    named = isinstance(command, NamedGroup)
    found: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            if key not in inner:
                raise UsageError(f"{place}: no command {key!r}{nearest_words(key, among=inner)}")
            _merge(found, {key: _defaults(value, command=inner[key], place=f"{place[:-1]}.{key}]", common=common)})
            continue
        takers = {name: _option(one, key) for name, one in inner.items()} if named or key in common else {}
        takers = {name: option for name, option in takers.items() if option is not None}
        own = None if named else _option(command, key)
        if own is None and not takers:
            if key in common:
                continue
            raise UsageError(
                f"{place} has no option {key!r}{nearest_words(_key(key), among=_keys(command, inner, named))}"
            )
        if own is not None:
            found[own.name] = _value(own, value, place=f"{place} {key}")
        for name, option in takers.items():
            below = found.setdefault(name, {})
            below.setdefault(option.name, _value(option, value, place=f"{place} {key}"))
    return found


def _inner(command: Any) -> dict[str, Any]:
    """The commands of a group, loaded; none of a command."""
    if isinstance(command, NamedGroup):
        return dict(command.commands_in_full())
    later = command.table if isinstance(command, LazyGroup) else {}
    return {
        name: load_command(f"{command.before}{name}", row=later[name]) if name in later else one
        for name, one in getattr(command, "commands", {}).items()
    }


def _options_below(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each option with the words of the command whose variable it has: of recipes and studies those of the group."""
    seen = set()
    for option in command.params:
        if _settable(option):
            yield path, option
    for name, inner in _inner(command).items():
        below = path if isinstance(command, NamedGroup) else (*path, name)
        for found, option in _options_below(below, inner):
            if (found, option.name) not in seen:
                seen.add((found, option.name))
                yield found, option


def _settable(option: Any) -> bool:
    return option.param_type_name == "option" and bool(option.envvar)


def _option(command: Any, key: str) -> Any:
    wanted = _key(key)
    return next((one for one in command.params if _settable(one) and flag_name(one) == wanted), None)


def _keys(command: Any, inner: Mapping[str, Any], named: bool) -> list[str]:
    holders = inner.values() if named else (command,)
    return [*dict.fromkeys(flag_name(one) for holder in holders for one in holder.params if _settable(one)), *inner]


def _value(option: Any, value: Any, *, place: str) -> Any:
    """The value as words of a command line, which are checked as those are; a switch stays true or false."""
    if option.is_flag:
        if not isinstance(value, bool):
            raise UsageError(f"{place} is a switch; write true or false, not {value!r}")
        return value
    many = value if isinstance(value, list) else [value]
    if isinstance(value, bool) or any(isinstance(one, bool | list | Mapping) for one in many):
        raise UsageError(f"{place} takes a value in quotes or a number, not {value!r}")
    if option.multiple:
        return [str(one) for one in many]
    if isinstance(value, list):
        raise UsageError(f"{place} takes one value, not a list")
    return str(value)


def _key(key: str) -> str:
    return key.replace("_", "-")


def _flat(name: str, table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{name} {key}", value)
        else:
            yield f"{name} --{_key(key)}", str(value)


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value

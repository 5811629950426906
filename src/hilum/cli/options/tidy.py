"""What every option has alike: the placeholder of its value in help, and a variable of the environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

_PLACEHOLDERS = {int: "N", float: "NUMBER", str: "TEXT"}
_NO_SETTINGS = ("help", "version", "install_completion", "show_completion")
"""Options that act at once; no variable of the environment and no file sets them."""


def tidy(command: Any, *, path: tuple[str, ...]) -> None:
    """Let a command, and each command of a group, read as all others; `path` are the words behind `hilum`.

    In help, flags and arguments say no type, numbers say `N` or `NUMBER`, and the lines of a paragraph are joined, so
    that they break where the terminal ends. `read --out` gets the variable `HILUM_READ_OUT`; that stands on one page,
    not in each help.
    """
    for name, inner in getattr(command, "commands", {}).items():
        tidy(inner, path=(*path, name))
    command.help = _joined(command.help)
    _leave_types_of_flags_out(command)
    _name_pairs_in_one_column(command)
    for parameter in command.params:
        if parameter.param_type_name != "option":
            parameter.display_type_rich = _no_type
            continue
        parameter.show_envvar = False
        if parameter.name not in _NO_SETTINGS:
            before = parameter.envvar if isinstance(parameter.envvar, str) else None
            own = variable_of(path, parameter)
            parameter.envvar = own if before is None else [own, before]
        if parameter.metavar is None and not parameter.is_flag:
            parameter.metavar = _placeholder(parameter.type_descriptor.annotation)


def _no_type(ctx: Any) -> str | None:
    """What an argument says beside its name in help: the name says what it is."""
    del ctx
    return None


def _placeholder(annotation: Any) -> str | None:
    """That of a value, or of one of a list."""
    return _PLACEHOLDERS.get(next(iter(get_args(annotation)), annotation))


def without_types_of_flags(parameters: list[Any]) -> list[Any]:
    """The parameters, whose flags say no `<bool>` in help."""
    for parameter in parameters:
        if getattr(parameter, "is_flag", False) and parameter.metavar is None:
            parameter.metavar = ""
    return parameters


def _leave_types_of_flags_out(command: Any) -> None:
    """Of `--help` too, which a command adds to its parameters by itself."""
    plain = command.get_params
    command.get_params = lambda ctx: without_types_of_flags(plain(ctx))


def _name_pairs_in_one_column(command: Any) -> None:
    """In help, let `--lungs` and `--no-lungs` stand in one column, so that the meanings keep their room."""
    pairs = [option for option in command.params if option.param_type_name == "option" and option.secondary_opts]
    if not pairs:
        return
    plain = command.format_help

    def format_help(ctx: Any, formatter: Any) -> None:
        kept = [(option.opts, option.secondary_opts, option.show_default) for option in pairs]
        try:
            for option in pairs:
                option.show_default = "on" if option.default else "off"
                option.opts, option.secondary_opts = [*option.opts, *option.secondary_opts], []
            plain(ctx, formatter)
        finally:
            for option, (names, others, shown) in zip(pairs, kept, strict=True):
                option.opts, option.secondary_opts, option.show_default = names, others, shown

    command.format_help = format_help


def variable_of(path: Sequence[str], option: Any) -> str:
    """`HILUM_READ_OUT` for `read --out`, `HILUM_TRAIN_OUT` for that of every recipe."""
    words = path[:1] if path[0] in ("train", "study", "tune") else path
    return "_".join(("HILUM", *words, flag_name(option))).upper().replace("-", "_")


def flag_name(option: Any) -> str:
    """The long flag of an option without its dashes, such as `max-pixels`."""
    return str(next((flag for flag in option.opts if flag.startswith("--")), option.opts[0])).lstrip("-")


def _joined(text: str | None) -> str | None:
    return None if text is None else "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))

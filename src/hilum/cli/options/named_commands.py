"""A command with a name behind it, such as `hilum train NAME`, whose options follow from a table of the names.

Options that every name takes are the parameters of one function; those that a name alone takes are the fields of the
dataclass in its row. `hilum train NAME --help` shows both. Names, a line each, are known without what they run.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, get_args

import typer
from typer.core import TyperCommand, TyperGroup

from hilum.cli.options.grouped import set_parameters, with_groups
from hilum.cli.options.lazy import LazyCommand, add_placeholders, load_command
from hilum.errors import UsageError
from hilum.nearest import nearest_words, same_but_for_case


class NamedGroup(TyperGroup):
    """The group of the names.

    `word` is what one of them is called, `any_file` the name that stands for files, `former` what a name was called.
    Its own commands are names and lines alone. `whole` holds those with their options: the row of a module whose `app`
    `add_commands` filled, under the name `called`. Where there is none, its own commands are whole.
    """

    word: ClassVar[str]
    any_file: ClassVar[str | None] = None
    called: ClassVar[str] = ""
    former: ClassVar[Mapping[str, str]] = {}
    whole: ClassVar[LazyCommand | None] = None

    def commands_in_full(self) -> Mapping[str, Any]:
        """The commands with their options, their module imported. Raises `MissingPartError` as `load_command`."""
        if self.whole is None:
            return self.commands
        if not hasattr(self, "_in_full"):
            self._in_full = dict(load_command(self.called, row=self.whole).commands)
        return self._in_full

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the words behind the group; an option before the name is refused."""
        if args and args[0].startswith("-") and args[0] not in ctx.help_option_names and not ctx.resilient_parsing:
            raise UsageError(f"Name the {self.word} before its options: {ctx.command_path} NAME {args[0]} …")
        return list(super().parse_args(ctx, args))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command of the name that comes first, or that of a file."""
        name, *rest = args
        del ctx  # the table alone decides
        if self.any_file is not None and name.endswith(".py"):
            return name, self.commands_in_full()[self.any_file], rest
        known = same_but_for_case(name, among=self.commands)
        if name in self.former:
            raise UsageError(f"The {self.word} {name} is now called {self.former[name]}")
        if known not in self.commands:
            names = [known for known in self.commands if known != self.any_file]
            more = "" if self.any_file is None else ", or a file of your own that ends in .py"
            raise UsageError(
                f"Unknown {self.word} {name!r}{nearest_words(name, among=names)}. Available: {', '.join(names)}{more}"
            )
        return known, self.commands_in_full()[known], rest


class NamedCommand(TyperCommand):
    """The command of one name: an option that other names alone take is refused in one line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the words behind the name."""
        group, mine = ctx.parent.command, _flags(self)
        others = {name: _flags(command) - mine for name, command in group.commands_in_full().items()}
        given = dict.fromkeys(arg.partition("=")[0] for arg in args)
        foreign = [flag for flag in given if any(flag in flags for flags in others.values())]
        if foreign:
            takers = [name for name, flags in others.items() if flags.intersection(foreign)]
            raise UsageError(
                f"leave {' and '.join(foreign)} out: the {group.word} {ctx.info_name} does not take "
                f"{'them' if len(foreign) > 1 else 'it'}, {', '.join(takers)} {'do' if len(takers) > 1 else 'does'}"
            )
        return list(super().parse_args(ctx, args))


def named_app(group: type[NamedGroup], *, lines: Mapping[str, str], help: str, epilog: str) -> typer.Typer:
    """A typer application of a group with `whole`, with a line for each name."""
    app = typer.Typer(
        cls=group,
        help=help,
        epilog=epilog,
        rich_markup_mode="rich",
        add_completion=False,
        no_args_is_help=True,
        subcommand_metavar=group.word.upper(),
    )
    add_placeholders(app, table={name: LazyCommand("", line) for name, line in lines.items()})
    return app


def add_commands(
    app: typer.Typer,
    *,
    shared: Callable[..., None],
    rows: Mapping[str, type],
    lines: Mapping[str, str],
    example: Callable[[str], str],
    completions: Mapping[str, Callable[..., list[str]]],
) -> None:
    """Give `app` a command for each row, which is the dataclass of the options that the name alone takes.

    Its fields are annotated with `Option` and have defaults. `shared` takes the name, `own` (that dataclass), and what
    all take; `lines` hold a line of help for each name, and `example` makes a command of a name. `completions` say, by
    the placeholder of an option's value, what a shell completes there.
    """
    for name, own in rows.items():
        app.command(
            name,
            help=f"{lines[name]}\n\n{inspect.getdoc(shared)}",
            short_help=lines[name],
            epilog=f"[bold]Example[/]\n\n{example(name)}",
            cls=NamedCommand,
        )(_with_own(shared, own=own, completions=completions))


def _with_own(
    shared: Callable[..., None], *, own: type, completions: Mapping[str, Callable[..., list[str]]]
) -> Callable[..., None]:
    """`shared` with the options of `own` as parameters of its own, of which it gets one object."""
    expanded = with_groups(shared, own=own)

    def command(ctx: typer.Context, **given: Any) -> None:
        expanded(str(ctx.info_name), **given)

    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    _, *parameters = inspect.signature(expanded).parameters.values()
    set_parameters(command, [context, *parameters])
    for info in (info for parameter in parameters for info in get_args(parameter.annotation)[1:]):
        if info.autocompletion is None:
            info.autocompletion = completions.get(info.metavar or "")
    return command


def _flags(command: Any) -> set[str]:
    return {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}

"""A command group that imports a command's module only when that command is called.

Help and shell completion of the group read the table alone, so `hilum --help` is quick and needs no optional part.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_command

from hilum.cli.options.messages import add_messages
from hilum.cli.options.tidy import tidy
from hilum.errors import MissingPartError


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """One row of the table: the module that holds the command as a `typer.Typer` called `app`, and its short help.

    `part` is the optional part of hilum (`train`, `lab`) that the module needs, or None where the base is enough.
    """

    module: str
    help: str
    part: str | None = None


@dataclass(frozen=True, slots=True)
class LazyFunction:
    """A function that is imported when it is needed; `part` is the optional part of hilum that its module needs."""

    module: str
    name: str
    part: str | None = None

    def load(self, *, asked_by: str = "") -> Any:
        """The function, its module imported; `asked_by` is the option that needs it, as an error names it.

        Raises `MissingPartError` with the install command where a package of the optional part is absent.
        """
        return getattr(_imported(self.module, named=asked_by, part=self.part), self.name)


class LazyGroup(TyperGroup):
    """A group whose commands are rows of `table`; make one by a subclass that sets it, and `lazy_app`.

    It may have commands of its own beside them.

    `before` is what stands between `hilum` and the row's name on the command line, such as `models import `.
    """

    table: ClassVar[Mapping[str, LazyCommand]]
    before: ClassVar[str] = ""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that `args` name, its module imported; help and suggestions go without this call."""
        name, placeholder, rest = super().resolve_command(ctx, args)
        if name is None or placeholder is None or name not in self.table:
            return name, placeholder, rest
        return name, load_command(f"{self.before}{name}", row=self.table[name]), rest


def lazy_app(group: type[LazyGroup], *, help: str, epilog: str) -> typer.Typer:
    """A typer application of `group`, with one placeholder a row for help and completion."""
    app = typer.Typer(
        cls=group,
        help=help,
        epilog=epilog,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    add_placeholders(app, table=group.table)
    return app


def add_placeholders(app: typer.Typer, *, table: Mapping[str, LazyCommand]) -> None:
    """Let the help of `app`, whose group is a `LazyGroup` of `table`, name every row of it."""
    for name, row in table.items():
        app.command(name, help=row.help)(_placeholder)


def load_command(name: str, *, row: LazyCommand) -> Any:
    """Import the row's module and build its command.

    Raises `MissingPartError` with the install command where a package of the row's optional part is absent.
    """
    app = _imported(row.module, named=f"hilum {name}", part=row.part).app
    command = get_command(app)
    if not command.epilog and isinstance(app.info.epilog, str):
        command.epilog = app.info.epilog  # of an application with one command, Typer shows the command's alone
    add_messages(command, called=f"hilum {name}")
    tidy(command, path=tuple(name.split()))
    return command


def _imported(module: str, *, named: str, part: str | None) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        absent = (error.name or "").partition(".")[0]
        if part is None or absent == "hilum":
            raise
        raise MissingPartError(
            f"'{named}' needs the package {absent}, which is not installed; run: pip install \"hilum[{part}]\""
        ) from error


def _placeholder() -> None:
    """Stand for a command until it is called; `resolve_command` puts the real one in its place."""

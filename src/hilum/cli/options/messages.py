"""What every command takes beside its own options: how much it says, and where that goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.main import get_command

from hilum.cli.terminal.messages import MESSAGES, LogFormat, MessageSettings
from hilum.cli.terminal.say import say_detail
from hilum.errors import UsageError
from hilum.version import __version__

PANEL = "Messages"
"""The panel of `--help` in which they stand."""
SHARED = ("quiet", "verbose", "log_file", "log_format")
"""The names of these parameters."""


def _shared(
    *,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", rich_help_panel=PANEL, help="Say only what failed, and cautions.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", rich_help_panel=PANEL, help="Say also what else is done, and when.")
    ] = False,
    log_file: Annotated[
        Path | None,
        typer.Option(
            "--log-file",
            envvar="HILUM_LOG_FILE",
            dir_okay=False,
            metavar="FILE",
            rich_help_panel=PANEL,
            help="Append everything that is said to this file too, each line with its time.",
        ),
    ] = None,
    log_format: Annotated[
        LogFormat,
        typer.Option(
            "--log-format",
            envvar="HILUM_LOG_FORMAT",
            case_sensitive=False,
            metavar="text|json",
            rich_help_panel=PANEL,
            help="json: one object a line, in the log file; without one, on standard error.",
        ),
    ] = LogFormat.TEXT,
) -> None:
    """The options alone."""


def shared_options() -> dict[str, Any]:
    """The options by name, as parameters of a command."""
    app = typer.Typer(add_completion=False)
    app.command()(_shared)
    return {option.name: option for option in get_command(app).params if option.name in SHARED}


def add_messages(command: Any, *, called: str) -> None:
    """Give a command the shared options, and each command of a group; those that it declares itself stay its own.

    `called` is how a user calls it, such as `hilum read`.
    """
    for name, inner in getattr(command, "commands", {}).items():
        add_messages(inner, called=f"{called} {name}")
    if hasattr(command, "commands"):
        return
    own = {parameter.name for parameter in command.params}
    added = [option for name, option in shared_options().items() if name not in own]
    if not added:
        return
    command.params += added
    command.callback = _saying(command.callback, called=called, added={option.name for option in added})


def _saying(call: Callable[..., Any], *, called: str, added: set[str]) -> Callable[..., Any]:
    """`call`, which finds its messages set up as its options ask."""

    def run(**given: Any) -> Any:
        asked = {name: given.pop(name) if name in added else given[name] for name in SHARED}
        if asked["quiet"] and asked["verbose"]:
            raise UsageError("--quiet and --verbose contradict each other; leave one out")
        MESSAGES.begin(
            MessageSettings(
                command=called,
                quiet=asked["quiet"],
                verbose=asked["verbose"],
                file=asked["log_file"],
                log_format=asked["log_format"],
            )
        )
        say_detail(f"{called} of hilum {__version__}")
        return call(**given)

    return run

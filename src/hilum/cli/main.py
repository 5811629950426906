"""The `hilum` command: its group of commands, and how it ends on errors and signals."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import MutableMapping, Sequence
from typing import Annotated, Any, ClassVar

import typer

from hilum.cli.commands import COMMANDS
from hilum.cli.options.lazy import LazyCommand, LazyGroup, lazy_app
from hilum.cli.options.settings import default_map
from hilum.cli.options.settings_file import settings_files
from hilum.cli.options.tidy import without_types_of_flags
from hilum.cli.terminal.messages import MESSAGES
from hilum.cli.terminal.say import say_problem, say_stopped
from hilum.errors import HilumError, UsageError
from hilum.version import __version__

_HELP = """[bold]hilum[/] reads radiographs: is it an X-ray, of what, which findings, how sure, and where.

Research use. Not a medical device."""

_EPILOG = """[bold]Examples[/]

hilum read chest.dcm

hilum read scans/ --out readings/

hilum read - --json < image.png

hilum models show NAME"""

_INTERRUPTED, _TERMINATED = 130, 143
_READING = frozenset({"read", "segment", "screen", "serve", "listen"})


class Terminated(KeyboardInterrupt):
    """The process was asked to end (SIGTERM); it ends as cleanly as on Ctrl-C."""


class HilumGroup(LazyGroup):
    """The command group; an error of hilum is one line on standard error and an exit code, never a traceback."""

    table: ClassVar[dict[str, LazyCommand]] = COMMANDS

    def get_params(self, ctx: Any) -> list[Any]:
        """The options of `hilum` itself."""
        return without_types_of_flags(super().get_params(ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that `args` name, with what hilum.toml says of its options; `doctor` tells of that itself."""
        name, command, rest = super().resolve_command(ctx, args)
        asks_for_help = bool(set(rest) & set(ctx.help_option_names))
        if name in self.table and name != "doctor" and not asks_for_help and not ctx.resilient_parsing:
            files = settings_files()
            if files:
                ctx.default_map = {name: default_map(files, name=name, command=command, table=self.table)}
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command: exit code 2 on wrong usage, 1 on any other error of hilum, 130 and 143 on signals."""
        try:
            return super().invoke(ctx)
        except HilumError as error:
            say_problem(str(error))
            raise typer.Exit(2 if isinstance(error, UsageError) else 1) from error
        except Terminated as signalled:
            say_stopped("terminated; what was written is whole")
            raise typer.Exit(_TERMINATED) from signalled
        except KeyboardInterrupt as signalled:
            say_stopped("interrupted; what was written is whole")
            raise typer.Exit(_INTERRUPTED) from signalled
        finally:
            MESSAGES.end()


app = lazy_app(HilumGroup, help=_HELP, epilog=_EPILOG)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hilum {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run `hilum` with the arguments of this process and end it with the exit code."""
    signal.signal(signal.SIGTERM, _on_terminate)
    _limit_numpy(sys.argv[1:], environment=os.environ)
    app(prog_name="hilum")


def _limit_numpy(words: Sequence[str], *, environment: MutableMapping[str, str]) -> None:
    """One thread for numpy's products of matrices where images are read side by side, unless the user says another.

    They are small, and threads that wait for each other took a third of all processor time of a folder. It must be said
    before numpy is imported; processes that are started inherit it.
    """
    if not _READING.isdisjoint(words[:1]):
        environment.setdefault("OPENBLAS_NUM_THREADS", "1")


def _on_terminate(*signalled: object) -> None:
    raise Terminated(*signalled)

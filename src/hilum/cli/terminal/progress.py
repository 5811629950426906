"""How far a command is, on standard error: a bar on a terminal, lines anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hilum.cli.terminal.console import error_console
from hilum.cli.terminal.messages import MESSAGES
from hilum.cli.terminal.say import say, say_problem
from hilum.progress import Counter, ProgressLines
from hilum.reading_result import FailedReading

_ANNOUNCED_FROM = 10
"""So many files are announced where no bar is drawn, so that a log is not empty while the first are read."""


def draws_bars() -> bool:
    """Whether a bar may be drawn: standard error is a terminal and shows plain lines."""
    settings = MESSAGES.settings
    return error_console().is_terminal and not settings.quiet and not settings.json_on_terminal


class BatchProgress:
    """Counts files as they are done: as a bar, or as lines; where `shown` is not set, not at all."""

    def __init__(self, *, total: int, shown: bool) -> None:
        self._progress = Progress(
            TextColumn("reading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=error_console(),
            disable=not (shown and draws_bars()),
            transient=True,
            redirect_stdout=False,  # results go where standard output goes
        )
        self._task = self._progress.add_task("", total=total)
        self._failed = 0
        self._lines = ProgressLines("reading", say=say, total=total) if shown and not draws_bars() else None
        self._total = total

    def done(self, *, count: int = 1) -> None:
        """So many more files are done."""
        self._progress.advance(self._task, count)
        if self._lines is not None:
            self._lines.done(count=count)

    def failed(self, failed: FailedReading) -> None:
        """One line about a file that could not be read, whether a bar is drawn or not."""
        self._failed += 1
        self._progress.update(self._task, description=f"{self._failed} failed")
        say_problem(failure_text(failed))

    def line(self, text: str) -> None:
        """One line on standard error, above the bar."""
        say_problem(text)

    def __enter__(self) -> Self:
        self._progress.start()
        if self._lines is not None and self._total >= _ANNOUNCED_FROM:
            say(f"reading {self._total:,} files")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


def failure_text(failed: FailedReading) -> str:
    """The file and why it could not be read, in one line."""
    return failed.message if failed.name in failed.message else f"{failed.name}: {failed.message}"


class _Bar:
    """One bar of a `TerminalProgress`."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def found(self, total: int, /) -> None:
        """So many there are in all."""
        self._progress.update(self._task, total=total)

    def done(self) -> None:
        """One more of them is done."""
        self._progress.advance(self._task)


class _Lines:
    """The lines of a `TerminalProgress` where no bar is drawn."""

    def __init__(self, doing: str) -> None:
        self._lines = ProgressLines(doing, say=say)

    def found(self, total: int, /) -> None:
        """So many there are in all."""
        self._lines.found(total)

    def done(self) -> None:
        """One more of them is done."""
        self._lines.done()


class TerminalProgress:
    """Lines on standard error, and bars where that is a terminal."""

    def say(self, line: str, /) -> None:
        """One line that begins with `hilum:`."""
        say(line)

    @contextmanager
    def count(self, doing: str, /) -> Iterator[Counter]:
        """A bar behind the words `doing`, which goes away at the end; lines now and then where none is drawn."""
        if not draws_bars():
            yield _Lines(doing)
            return
        columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=error_console(), transient=True) as progress:
            yield _Bar(progress)


ON_TERMINAL = TerminalProgress()

"""Progress bars on standard error, and lines that stand above them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from hilum.cli.terminal.console import error_console
from hilum.cli.terminal.say import one_line, say
from hilum.progress import Counter
from hilum.reading_result import FailedReading


class BatchProgress:
    """Counts files as they are done; where `shown` is not set, or standard error is no terminal, it draws nothing."""

    def __init__(self, *, total: int, shown: bool) -> None:
        console = error_console()
        self._progress = Progress(
            TextColumn("reading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=console,
            disable=not (shown and console.is_terminal),
            transient=True,
            redirect_stdout=False,  # results go where standard output goes
            redirect_stderr=False,
        )
        self._task = self._progress.add_task("", total=total)
        self._failed = 0

    def done(self, *, count: int = 1) -> None:
        """So many more files are done."""
        self._progress.advance(self._task, count)

    def failed(self, failed: FailedReading) -> None:
        """One line about a file that could not be read, whether a bar is drawn or not."""
        self._failed += 1
        self._progress.update(self._task, description=f"{self._failed} failed")
        self.line(failure_text(failed))

    def line(self, text: str) -> None:
        """One line on standard error, above the bar."""
        self._progress.console.print(Text(f"hilum: {one_line(text)}"), soft_wrap=True)

    def __enter__(self) -> Self:
        self._progress.start()
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


class TerminalProgress:
    """Lines and bars on standard error; where that is no terminal no bar is drawn."""

    def say(self, line: str, /) -> None:
        """One line that begins with `hilum:`."""
        say(line)

    @contextmanager
    def count(self, doing: str, /) -> Iterator[Counter]:
        """A bar behind the words `doing`, which goes away at the end."""
        console = error_console()
        columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            yield _Bar(progress)


ON_TERMINAL = TerminalProgress()

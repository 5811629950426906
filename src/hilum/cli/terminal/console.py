"""The two consoles: results go to standard output, progress and summaries to standard error."""

from __future__ import annotations

from rich.console import Console


def output_console() -> Console:
    """The console of results, on standard output as it is now (tests and pipes put another in its place)."""
    return Console(soft_wrap=False, highlight=False)


def error_console() -> Console:
    """The console of progress and summaries, on standard error."""
    return Console(stderr=True, highlight=False)

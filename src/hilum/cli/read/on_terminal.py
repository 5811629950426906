"""`hilum read` without `--out`: each result on standard output, as a table or as a line of JSON."""

from __future__ import annotations

import json
import sys
from contextlib import closing

import typer

from hilum.cli.read.request import ReadRequest
from hilum.cli.terminal.console import output_console
from hilum.cli.terminal.progress import BatchProgress
from hilum.reading_result import FailedReading, Reading
from hilum.report.reading_json import failure_to_json, reading_to_json
from hilum.report.terminal import reading_table


def read_here(request: ReadRequest) -> int:
    """Read all inputs and print what is found; returns how many files failed."""
    files = request.inputs.files
    scrolls = sys.stdout.isatty() and not request.quiet  # results that pass by are progress enough
    failures = 0
    with (
        closing(request.examinations(files)) as results,
        BatchProgress(total=len(files), shown=len(files) > 1 and not request.quiet and not scrolls) as progress,
    ):
        for result in results:
            if isinstance(result, FailedReading):
                failures += 1
                progress.failed(result)
                _print(result, request=request)
            else:
                with request.timer.part("terminal"):
                    _print(result.reading, request=request)
            progress.done()
    return failures


def _print(result: Reading | FailedReading, *, request: ReadRequest) -> None:
    if request.as_json:
        print_json(result)
    elif isinstance(result, Reading) and not request.quiet:
        print_table(result)


def print_json(result: Reading | FailedReading) -> None:
    """One line of JSON on standard output, at once."""
    found = failure_to_json(result) if isinstance(result, FailedReading) else reading_to_json(result)
    typer.echo(json.dumps(found, allow_nan=False))


def print_table(reading: Reading) -> None:
    """The reading as a table on standard output, and an empty line."""
    console = output_console()
    console.print(reading_table(reading))
    console.print()

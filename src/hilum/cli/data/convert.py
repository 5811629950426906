"""`hilum data convert`: what a release's adapter reads, from the files as they are handed out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.data.folder import folder_of
from hilum.cli.terminal.progress import ON_TERMINAL
from hilum.cli.terminal.say import say_problem
from hilum.datasets.releases.jsrt_raw import convert_jsrt
from hilum.errors import OutputError, UsageError

CONVERTED = ("jsrt",)
"""The data sets whose pictures name no format of their own."""


def convert(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of: {', '.join(CONVERTED)}.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the data set lies.")],
    *,
    out: Annotated[
        Path,
        typer.Option(file_okay=False, metavar="FOLDER", help="Where the PNG files go; the same folder may be given."),
    ],
) -> None:
    """Write a data set's pictures as PNG, with its tables and masks beside them, so that its adapter reads them.

    JSRT comes as headerless .IMG files of 2048 x 2048 pixels. Ends with code 1 where a file is none of these.
    """
    if name not in CONVERTED:
        raise UsageError(
            f"{name!r} needs no conversion, or is no data set; converted are {', '.join(CONVERTED)} alone, the others "
            "are read as they are"
        )
    folder = folder_of(name, folder)
    try:
        done = convert_jsrt(folder, out=out, progress=ON_TERMINAL)
    except OSError as error:
        raise OutputError(f"cannot write into {out}: {error.strerror or error}; name another --out") from error
    for problem in done.problems:
        say_problem(problem)
    typer.echo(f"{len(done.written)} pictures written; read them: hilum data check {name} {out}")
    if done.problems:
        raise typer.Exit(1)

"""Fill the cache before a training, with a progress bar, and settle what becomes of bad files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hilum.cli.console import error_console
from hilum.cli.say import say
from hilum.datasets.cache import BadFiles, fill_cache, readable_records
from hilum.datasets.record import Record
from hilum.errors import UsageError
from hilum.imaging.preprocess import PreprocessSpec

BadFilesOption = Annotated[
    BadFiles,
    typer.Option("--bad-files", help="What becomes of files that cannot be decoded: end here, or leave them out."),
]


def prepare_images(
    records: Sequence[Record], *, spec: PreprocessSpec, cache: Path | None, jobs: int, bad_files: BadFiles
) -> tuple[Record, ...]:
    """The records whose images can be decoded, which now lie in the cache; each bad file is told in one line.

    Without a cache the records come back as they are: the training decodes them and stops at a bad one. Raises
    `UsageError` where bad files should be skipped without a cache, and as `fill_cache` does.
    """
    if bad_files not in get_args(BadFiles):
        raise UsageError(f"expected --bad-files {' or '.join(get_args(BadFiles))}, came {bad_files!r}")
    if cache is None:
        if bad_files == "skip":
            raise UsageError("--bad-files skip needs a cache, came --cache none; name a folder")
        return tuple(records)
    console = error_console()
    columns = (TextColumn("preparing images"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        filled = fill_cache(
            records,
            spec=spec,
            folder=cache,
            jobs=jobs,
            bad_files=bad_files,
            on_found=lambda count: progress.update(task, total=count),
            on_image=lambda: progress.advance(task),
        )
    for line in filled.bad.values():
        say(f"left out: {line}")
    return readable_records(records, spec=spec, filled=filled)

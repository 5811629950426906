"""`hilum read --out`: every result into the output folder, what came of it on the terminal."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from pathlib import Path

from hilum.cli.read.on_terminal import print_json, print_table
from hilum.cli.read.request import ReadRequest
from hilum.cli.terminal.console import output_console
from hilum.cli.terminal.progress import BatchProgress
from hilum.cli.terminal.say import say, say_in_log
from hilum.errors import OutputError, UsageError
from hilum.output.batch import without_clashes, write_batch
from hilum.output.folder import OutputFolder
from hilum.output.index import write_index
from hilum.output.inputs import InputFile
from hilum.output.journal import Journal
from hilum.output.layout import FAILURES, INDEX, SKIPPED
from hilum.output.neutral_files import records_of_one_kind
from hilum.output.render import RenderSettings, failure_record
from hilum.output.resume import already_read, failed_before
from hilum.output.same_name import alike_text, called_alike
from hilum.output.ways import PageOrder
from hilum.reading_result import FailedReading, Reading
from hilum.report.costs import Costs
from hilum.report.counts import Counts
from hilum.report.terminal import batch_summary
from hilum.version import __version__
from hilum.whole_files import write_whole

TABLES_UP_TO = 12
"""So many files get their table on the terminal; more only the summary."""


def read_into_folder(request: ReadRequest) -> int:
    """Read what is not read yet into the folder of `--out`; how many files failed, or lack the objects asked for."""
    if request.out is None:
        raise UsageError("Missing option: --out FOLDER")
    started = time.perf_counter()
    with OutputFolder(request.out) as folder:
        with request.timer.part("looking up what was read before"):
            alike = _alike(request, folder)
            done, given_up = _done_before(request, folder), _given_up(request, folder)
        left = done | given_up | alike.keys()
        todo = tuple(file for file in request.inputs.files if file.relative not in left)
        counts, costs, without = _read(request, folder, todo, alike=alike, done=len(done) + len(given_up))
        _write_skipped(request, folder.path)
    if given_up:
        files = "1 file that" if len(given_up) == 1 else f"{len(given_up):,} files that"
        say(f"not tried again: {files} failed before; {request.out / FAILURES} says why")
    skipped = f", {len(done):,} skipped since they were read before" if done else ""
    lacking = f" ({without:,} without DICOM objects)" if without else ""
    say_in_log(f"{counts.read:,} read{lacking}, {counts.failed:,} failed{skipped}: {request.out / INDEX}")
    if not request.quiet and not request.as_json:
        index = str(request.out / INDEX)
        seconds = time.perf_counter() - started
        output_console().print(
            batch_summary(
                counts,
                skipped=len(done),
                without_objects=without,
                seconds=seconds,
                destination=index,
                costs=costs,
            )
        )
    return counts.failed + without


def _done_before(request: ReadRequest, folder: OutputFolder) -> frozenset[str]:
    if not request.resume:
        return frozenset()
    reader = request.reader
    return already_read(
        request.inputs.files,
        folder=folder,
        settings_sha256=reader.settings_sha256,
        frame=request.frame,
        stated=lambda file: reader.settings.as_read(request.statements.of(file)),
        objects=request.objects is not None,
        pictures=request.images,
    )


def _given_up(request: ReadRequest, folder: OutputFolder) -> frozenset[str]:
    if not request.skip_failed:
        return frozenset()
    return failed_before(
        request.inputs.files,
        folder=folder,
        settings_sha256=request.reader.settings_sha256,
        frame=request.frame,
    )


def _alike(request: ReadRequest, folder: OutputFolder) -> Mapping[str, FailedReading]:
    """The `relative` of each file that is not to be read since its results would replace another's, with what it says.

    It stands nowhere in the folder, where its name is that of the other's results. Raises `UsageError` where the folder
    holds results of the other kind.
    """
    before = records_of_one_kind(folder, anonymous=request.anonymous)
    found = called_alike(request.inputs.files, found=before)
    settings_sha256 = request.reader.settings_sha256
    return {
        file.relative: FailedReading(
            file.name,
            OutputError.kind,
            alike_text(file.name, known=known, folder=folder.path),
            __version__,
            settings_sha256,
            frame=request.frame,
        )
        for file, known in found.items()
    }


def _read(
    request: ReadRequest,
    folder: OutputFolder,
    todo: tuple[InputFile, ...],
    *,
    alike: Mapping[str, FailedReading],
    done: int,
) -> tuple[Counts, Costs, int]:
    """Read and write `todo` and tell of `alike`; the index is written also where a signal ends the batch.

    Last comes how many were read and can have none of the DICOM objects that were asked for.
    """
    counts, costs = Counts(), Costs()
    written: list[float] = []
    without: list[str] = []
    shown = len(request.inputs.files) > 1 and not request.quiet
    tables = len(todo) <= TABLES_UP_TO and not request.quiet
    with request.timer.part("journal"):
        journal = Journal(folder.path, replacing={file.relative for file in todo})
    with BatchProgress(total=len(todo) + len(alike) + done, shown=shown) as progress:
        progress.done(count=done)
        for failed in alike.values():
            counts = counts.plus(failed)
            _tell(failed, request=request, progress=progress, table=False)
        try:
            with closing(
                _results(request, folder, todo, journal, on_written=written.append, on_no_objects=without.append)
            ) as results:
                told = 0
                for result in results:
                    for line in without[told:]:
                        progress.line(line)
                    told = len(without)
                    counts = counts.plus(result)
                    costs = costs if isinstance(result, FailedReading) else costs.plus(result)
                    with request.timer.part("terminal"):
                        _tell(result, request=request, progress=progress, table=tables)
        except KeyboardInterrupt:
            journal.close()
            write_index(folder.path)
            progress.line(f"{counts.read} read, {counts.failed} failed; go on with the same command and --resume")
            raise
    with request.timer.part("journal"):
        journal.close()
    with request.timer.part("index"):
        write_index(folder.path)
    return counts, costs.plus_writing(sum(written)), len(without)


def _tell(result: Reading | FailedReading, *, request: ReadRequest, progress: BatchProgress, table: bool) -> None:
    if isinstance(result, FailedReading):
        progress.failed(result)
    if request.as_json:
        print_json(result)
    elif table and isinstance(result, Reading):
        print_table(result)
    progress.done()


def _results(
    request: ReadRequest,
    folder: OutputFolder,
    todo: tuple[InputFile, ...],
    journal: Journal,
    *,
    on_written: Callable[[float], None],
    on_no_objects: Callable[[str], None],
) -> Generator[Reading | FailedReading]:
    reader = request.reader
    every, clashing = without_clashes(request.inputs.files, settings_sha256=reader.settings_sha256)
    names = {file.relative for file in todo}
    files = tuple(file for file in every if file.relative in names)
    for file, failed in clashing:
        if file.relative in names:
            journal.add(failure_record(failed, relative=file.relative))
            yield failed
    settings = RenderSettings(
        reader.cards,
        every_heatmap=reader.settings.heatmaps == "all",
        objects=request.objects,
        order=PageOrder.of(file.relative for file in every),
        pictures=request.images,
        timer=request.timer,
    )
    with closing(request.examinations(files)) as results:
        yield from write_batch(
            results,
            files=files,
            folder=folder,
            journal=journal,
            settings=settings,
            jobs=request.jobs,
            on_written=on_written,
            on_no_objects=on_no_objects,
        )


def _write_skipped(request: ReadRequest, folder: Path) -> None:
    lines = (
        json.dumps({"name": f"skipped-{number}" if request.anonymous else each.name, "reason": each.reason}).encode()
        + b"\n"
        for number, each in enumerate(request.inputs.skipped, start=1)
    )
    write_whole(folder / SKIPPED, lines)

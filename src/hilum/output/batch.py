"""A batch into an output folder: results come in, outputs are rendered and written in threads, then journalled."""

from __future__ import annotations

import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hilum.errors import HilumError, InternalError, OutputError
from hilum.output.folder import OutputFolder
from hilum.output.inputs import InputFile
from hilum.output.journal import NO_OBJECTS, Journal, Record
from hilum.output.layout import clashes
from hilum.output.render import RenderSettings, failure_record, write_failure_page, write_outputs
from hilum.output.same_name import with_place
from hilum.reading_result import Examination, FailedReading, Reading
from hilum.version import __version__
from hilum.whole_files import OutputNameError

THREADS_PER_JOB = 2
"""Threads that render and write for each job: a thread waits for the disk about as long as it computes."""

AHEAD_PER_JOB = 3
"""Examinations, with their pixels, that wait, are being rendered or are on their way to the disk for each job."""


@dataclass(frozen=True, slots=True)
class _Writing:
    """A file whose outputs are being written."""

    file: InputFile
    reading: Reading
    record: Future[tuple[Record, float]]


@dataclass(frozen=True, slots=True)
class _Failure:
    """A file that failed before there was anything to write."""

    file: InputFile
    failed: FailedReading


def write_batch(
    results: Iterable[Examination | FailedReading],
    *,
    files: Sequence[InputFile],
    folder: OutputFolder,
    journal: Journal,
    settings: RenderSettings,
    jobs: int,
    on_written: Callable[[float], None] = lambda _: None,
    on_no_objects: Callable[[str], None] = lambda _: None,
) -> Generator[Reading | FailedReading]:
    """Write the outputs of each result and its line in the journal; what became of each file, in order, comes back.

    `results` are those of `files`, in order. A line is written once all outputs that it speaks of are whole. What goes
    wrong with the outputs of one file makes it a failure; a folder that cannot be written ends the batch with
    `OutputError`. Memory is bounded by `jobs`. `on_written` gets the milliseconds that rendering and writing took,
    of each file whose outputs are whole, before that file comes back; `on_no_objects` a line on each that was read and
    can have no DICOM objects.
    """
    pending: deque[_Writing | _Failure] = deque()
    finish = partial(
        _finish,
        folder=folder,
        journal=journal,
        settings=settings,
        on_written=on_written,
        on_no_objects=on_no_objects,
    )
    pool = ThreadPoolExecutor(jobs * THREADS_PER_JOB, thread_name_prefix="hilum-render")
    try:
        for file, result in zip(files, results, strict=True):
            if isinstance(result, FailedReading):
                pending.append(_Failure(file, result))
            else:
                record = pool.submit(
                    _timed_write, result, relative=file.relative, folder=folder.path, settings=settings
                )
                pending.append(_Writing(file, result.reading, record))
            del result  # its pixels live on only as long as its rendering
            while len(pending) > jobs * AHEAD_PER_JOB:
                yield finish(pending.popleft())
        while pending:
            yield finish(pending.popleft())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def without_clashes(
    files: Sequence[InputFile], *, settings_sha256: str
) -> tuple[tuple[InputFile, ...], tuple[tuple[InputFile, FailedReading], ...]]:
    """The files whose outputs have a name of their own, and those that have none, as failures."""
    found = clashes(file.relative for file in files)
    failed = tuple(
        (file, _failed(file.name, OutputNameError(found[file.relative]), settings_sha256=settings_sha256))
        for file in files
        if file.relative in found
    )
    return tuple(file for file in files if file.relative not in found), failed


def _timed_write(
    examination: Examination, *, relative: str, folder: Path, settings: RenderSettings
) -> tuple[Record, float]:
    """The journal's record, and how many milliseconds the outputs took."""
    started = time.perf_counter()
    record = write_outputs(examination, relative=relative, folder=folder, settings=settings)
    return record, (time.perf_counter() - started) * 1e3


def _finish(
    pending: _Writing | _Failure,
    *,
    folder: OutputFolder,
    journal: Journal,
    settings: RenderSettings,
    on_written: Callable[[float], None],
    on_no_objects: Callable[[str], None],
) -> Reading | FailedReading:
    relative = pending.file.relative
    if isinstance(pending, _Writing):
        with settings.timer.part("waiting for files"):
            error = pending.record.exception()
        if error is None:
            record, milliseconds = pending.record.result()
            with settings.timer.part("journal"):
                journal.add(with_place(record))
            on_written(milliseconds)
            if NO_OBJECTS not in record:
                return pending.reading
            on_no_objects(f"{pending.reading.source.name}: read, but {record[NO_OBJECTS]}")
            return replace(pending.reading, warnings=tuple(record["warnings"]))
        source = pending.reading.source  # its name may be a neutral one, in the place of the file's
        failed = _failed(source.name, error, settings_sha256=pending.reading.settings_sha256, frame=source.frame)
    else:
        failed = pending.failed
    folder.remove_outputs(relative)  # those of an earlier reading no longer hold
    write_failure_page(failed, relative=relative, folder=folder.path, settings=settings)
    journal.add(failure_record(failed, relative=relative))
    return failed


def _failed(name: str, error: BaseException, *, settings_sha256: str, frame: int | None = None) -> FailedReading:
    """The failure that an error met while writing one file's outputs makes; what ends the batch is raised again."""
    if not isinstance(error, Exception) or (isinstance(error, OutputError) and not isinstance(error, OutputNameError)):
        raise error
    met = error if isinstance(error, HilumError) else InternalError(_defect(error))
    return FailedReading(name, met.kind, str(met), __version__, settings_sha256, frame=frame)


def _defect(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return " ".join(f"a defect of hilum: {type(error).__name__}: {error}{where}; please report it".split())

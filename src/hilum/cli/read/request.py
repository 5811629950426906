"""What `hilum read` was asked to do, checked and ready: shared by its two ways of giving results."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from hilum.anonymous.neutral import neutral_examination, neutral_failure
from hilum.cli.options.statements import Statements
from hilum.errors import FileAccessError, HilumError
from hilum.output.inputs import STANDARD_INPUT, InputFile, Inputs
from hilum.output.layout import ObjectKind
from hilum.profile import NOT_TIMED, Timer
from hilum.reading.input.map_ahead import map_ahead
from hilum.reading.input.sources import ImageSource
from hilum.reading.reader import Reader
from hilum.reading_result import Examination, FailedReading
from hilum.stated import Stated
from hilum.version import __version__


@dataclass(frozen=True, slots=True, eq=False)
class _Neutral:
    """A result that leads back to nobody."""

    result: Examination | FailedReading

    @property
    def nbytes(self) -> int:
        """Bytes of its pixels."""
        return 0 if isinstance(self.result, FailedReading) else self.result.radiograph.pixels.nbytes


class _Held(io.BytesIO):
    """The bytes of what gives them once, as an open file that is called as it was."""

    def __init__(self, data: bytes, *, name: str) -> None:
        super().__init__(data)
        self.name = name


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """`frame` counts from 1; `jobs` is the number of threads beside the network's; `out` is None without `--out`.

    `objects` makes the DICOM objects of a reading, None where none are wanted.
    Without `images` nothing is written that shows the picture.
    `anonymous`: each result under the `relative` of its input, with nothing in it that leads back to a patient.
    `timer` hears what the time goes on.
    """

    reader: Reader
    inputs: Inputs
    frame: int | None
    jobs: int
    out: Path | None
    resume: bool
    skip_failed: bool
    as_json: bool
    quiet: bool
    statements: Statements = field(default_factory=Statements)
    objects: Callable[[Examination], Mapping[ObjectKind, bytes]] | None = None
    anonymous: bool = False
    images: bool = True
    timer: Timer = NOT_TIMED

    def examinations(self, files: tuple[InputFile, ...]) -> Generator[Examination | FailedReading]:
        """The examination of each file, in order; close it to stop the threads."""
        with closing(self._as_named(files)) as results:
            if not self.anonymous:
                yield from results
                return
            neutral = map_ahead(
                zip(files, results, strict=True),
                self._neutral,
                jobs=self.jobs,
                depth=self.jobs,
                memory_bytes=self.reader.settings.memory_bytes,
                name="anonymous",
                timer=self.timer,
            )
            with closing(neutral):
                yield from (each.result for each in neutral)

    def _neutral(self, pair: tuple[InputFile, Examination | FailedReading]) -> _Neutral:
        file, found = pair
        result = self._as_hashed(found, file=file)
        if isinstance(result, FailedReading):
            return _Neutral(neutral_failure(result, name=file.relative))
        with self.timer.part("burned-in text"):
            shown = self.out is not None and self.images
            return _Neutral(neutral_examination(result, name=file.relative, shown=shown))

    def _as_hashed(self, result: Examination | FailedReading, *, file: InputFile) -> Examination | FailedReading:
        """The result; a failure where its bytes are not those that its neutral name is the hash of."""
        if isinstance(result, FailedReading) or file.sha256 in (None, result.reading.source.sha256):
            return result
        source = result.reading.source
        error = FileAccessError(f"{source.name}: changed while it was read. Read it again")
        return FailedReading(
            source.name, error.kind, str(error), __version__, self.reader.settings_sha256, frame=source.frame
        )

    def _as_named(self, files: tuple[InputFile, ...]) -> Generator[Examination | FailedReading]:
        if files and files[0].name == STANDARD_INPUT:
            yield self._examine_standard_input(files[0].data)
            return
        sources = [file.name if file.data is None else _Held(file.data, name=file.name) for file in files]
        stated: dict[ImageSource, Stated] = {
            source: self.statements.of(file) for source, file in zip(sources, files, strict=True)
        }
        yield from self.reader.examine_many(sources, frame=self.frame, jobs=self.jobs, stated=stated)

    def _examine_standard_input(self, taken: bytes | None) -> Examination | FailedReading:
        limit = self.reader.settings.limits.max_bytes
        # one more than allowed is enough to refuse it
        data = sys.stdin.buffer.read(limit + 1) if taken is None else taken
        try:
            return self.reader.examine(data, frame=self.frame, name=STANDARD_INPUT, stated=self.statements.general)
        except HilumError as error:
            settings_sha256 = self.reader.settings_sha256
            return FailedReading(STANDARD_INPUT, error.kind, str(error), __version__, settings_sha256, frame=self.frame)

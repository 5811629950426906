"""Fill the cache before a training, and settle what becomes of bad files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from hilum.datasets.prepared.images import BadFiles, fill_cache, readable_records
from hilum.datasets.records.record import Record
from hilum.errors import UsageError
from hilum.imaging.preprocess import PreprocessSpec
from hilum.progress import SILENT, Progress


def prepare_images(
    records: Sequence[Record],
    *,
    spec: PreprocessSpec,
    cache: Path | None,
    jobs: int = 1,
    bad_files: BadFiles = "stop",
    progress: Progress = SILENT,
) -> tuple[Record, ...]:
    """The records whose images can be decoded, which now lie in the cache; each bad file is told in one line.

    Without a cache the records come back as they are: the training decodes them and stops at a bad one. Raises
    `UsageError` where bad files should be skipped without a cache, and as `fill_cache` does.
    """
    if bad_files not in get_args(BadFiles):
        raise UsageError(f"--bad-files cannot be {bad_files!r}. Use {' or '.join(get_args(BadFiles))}")
    if cache is None:
        if bad_files == "skip":
            raise UsageError("--bad-files skip needs a cache, and --cache is none. Name a folder with --cache")
        return tuple(records)
    filled = fill_cache(records, spec=spec, folder=cache, jobs=jobs, bad_files=bad_files, progress=progress)
    for line in filled.bad.values():
        progress.say(f"left out: {line}")
    return readable_records(records, spec=spec, filled=filled)

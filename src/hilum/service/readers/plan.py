"""What a reader process is started with."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hilum.errors import UsageError
from hilum.reading.settings import ReaderSettings
from hilum.service.readers.reading_objects import ReadingObjects
from hilum.service.store.job import Job
from hilum.service.store.queue import Within
from hilum.service.store.store import StoreOptions

GIB = 1024**3

Also = Callable[[Job, ReadingObjects], Within]
"""From a job and the objects of its reading to what writes more in the transaction that stores the reading.

What it raises of `hilum.errors` fails the job.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderPlan:
    """Which jobs a reader process takes, with which models, within which limits.

    `store`: the folder of the store, and `options` how it is opened.
    `models`: the folders of the bundles that read, in order.
    `settings`: those of its `Reader`; its limits on bytes and pixels hold before anything is decoded.
    `seconds`: how long one file may take before it is failed and the process replaced.
    `also`: what else is made of each reading, and written in the transaction that stores it; it goes into the process
    as `pickle` writes it.
    `begin`: what the process does before anything else, such as writing its log where that of its parent goes; it is
    pickled too.
    `memory_bytes`: how much memory the process may use (on Linux; elsewhere it is not bounded).

    Raises `UsageError` for a value outside its range.
    """

    store: Path
    options: StoreOptions
    models: tuple[Path, ...]
    settings: ReaderSettings = field(default_factory=ReaderSettings)
    seconds: float = 120.0
    memory_bytes: int = 4 * GIB
    also: Also | None = None
    begin: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        if self.seconds <= 0.0:
            raise UsageError(f"a reading needs more than {self.seconds:g} seconds")
        if self.memory_bytes < 1:
            raise UsageError(f"a reader process needs more than {self.memory_bytes:,} bytes of memory")


def bound_memory(memory_bytes: int) -> None:
    """Let this process use so much memory and no more; asking for more is a `MemoryError` then.

    Does nothing where the system cannot (it can on Linux).
    """
    if not sys.platform.startswith("linux"):
        return
    import resource  # noqa: PLC0415 - Windows has no such module

    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))

"""The reader processes of a service: started, watched, and replaced when one dies."""

from __future__ import annotations

import logging
import multiprocessing
import os
import secrets
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event
from types import TracebackType
from typing import Self

from hilum.errors import OutputError, UsageError
from hilum.service.readers.plan import ReaderPlan
from hilum.service.readers.process import run_reader
from hilum.service.store.queue import Queue

_LOG = logging.getLogger("hilum.service")
_LOOK_EVERY_S = 0.5
_FINISH_WITHIN_S = 30.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_KILLED = -9
"""The exit code of what SIGKILL ended: an administrator, or a system short of memory."""


@dataclass(slots=True)
class _Started:
    """A process, what it calls itself in leases, and whether its models are open."""

    process: SpawnProcess
    worker: str
    ready: Event


class ReaderPool:
    """`count` processes that read jobs of one store; use it as a block, or call `close`.

    One that dies is replaced, and its job given to another at once. One that dies before its models are open is
    replaced after a pause that doubles up to half a minute.

    Raises `UsageError` for a count below 1.
    """

    def __init__(self, plan: ReaderPlan, *, count: int, queue: Queue) -> None:
        if count < 1:
            raise UsageError(f"reading needs at least 1 process, not {count}")
        self._plan, self._queue = plan, queue
        self._context = multiprocessing.get_context("spawn")
        self._closing = threading.Event()
        self._deaths = 0
        self._pause_s = _FIRST_PAUSE_S
        self._started = [self._start() for _ in range(count)]
        self._watcher = threading.Thread(target=self._watch, name="hilum-readers", daemon=True)
        self._watcher.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def ready(self) -> int:
        """How many processes have their models open and live."""
        return sum(each.ready.is_set() and each.process.is_alive() for each in self._started)

    @property
    def deaths(self) -> int:
        """How many processes died and were replaced."""
        return self._deaths

    def close(self) -> None:
        """Let each process finish what it reads, and end it; one that takes longer than half a minute is killed."""
        self._closing.set()
        self._watcher.join()
        for each in self._started:
            each.process.terminate()
        ends_s = time.monotonic() + _FINISH_WITHIN_S
        for each in self._started:
            each.process.join(max(0.0, ends_s - time.monotonic()))
            if each.process.is_alive():
                each.process.kill()
                each.process.join()

    def _start(self) -> _Started:
        worker = f"{os.getpid()}-{secrets.token_hex(8)}"
        ready = self._context.Event()
        process = self._context.Process(target=run_reader, args=(self._plan, worker, ready), name="hilum-reader")
        process.start()
        return _Started(process, worker, ready)

    def _watch(self) -> None:
        while not self._closing.is_set():
            wait([each.process.sentinel for each in self._started], timeout=_LOOK_EVERY_S)
            for place, each in enumerate(self._started):
                if not each.process.is_alive() and not self._closing.is_set():
                    self._started[place] = self._replace(each)

    def _replace(self, dead: _Started) -> _Started:
        self._deaths += 1
        _LOG.warning("a reader process ended (exit code %s); another one is started", dead.process.exitcode)
        try:
            self._queue.release(dead.worker, broke_down=dead.process.exitcode != _KILLED)
        except OutputError as error:
            _LOG.error("%s", error)  # its lease ends by itself
        if dead.ready.is_set():
            self._pause_s = _FIRST_PAUSE_S
        else:
            self._closing.wait(self._pause_s)
            self._pause_s = min(2.0 * self._pause_s, _LONGEST_PAUSE_S)
        return self._start()

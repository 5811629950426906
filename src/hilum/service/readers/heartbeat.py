"""A reader's sign of life: it renews the lease of what is read, and ends the process where that takes too long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from hilum.errors import OutputError
from hilum.service.store.job import Lease
from hilum.service.store.queue import LEASE_S, Queue


class Heartbeat:
    """While its block runs, renews `lease` three times in each lease's length.

    After `seconds` the job is failed with the reason and `on_late` is called, from another thread: what hangs in a
    library cannot be stopped otherwise than by ending the process.
    """

    def __init__(self, lease: Lease, *, queue: Queue, seconds: float, on_late: Callable[[], None]) -> None:
        self._lease, self._queue, self._seconds, self._on_late = lease, queue, seconds, on_late
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="hilum-heartbeat", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        ends_s = time.monotonic() + self._seconds
        while not self._over.wait(min(LEASE_S / 3.0, max(0.0, ends_s - time.monotonic()))):
            if time.monotonic() >= ends_s:
                message = f"reading it took longer than {self._seconds:g} seconds"
                with suppress(OutputError):  # what hangs ends all the same; its lease lapses, and another reads it
                    self._queue.fail(self._lease, kind="limit", message=message)
                self._on_late()
                return
            try:
                self._queue.renew(self._lease)
            except OutputError:
                continue  # the lease may last until the database is back; if not, another reads it

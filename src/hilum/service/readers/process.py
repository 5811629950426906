"""The body of a reader process: it claims, reads and ends jobs until it is told to stop or its parent is gone."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from multiprocessing.synchronize import Event

from hilum.bundle.load import load_bundle
from hilum.errors import HilumError, OutputError
from hilum.reading.reader import Reader
from hilum.service.readers.heartbeat import Heartbeat
from hilum.service.readers.plan import ReaderPlan, bound_memory
from hilum.service.readers.read_lease import read_lease
from hilum.service.store.job import Lease
from hilum.service.store.store import Store, open_store

_LOG = logging.getLogger("hilum.service")
_IDLE_S = 0.1
_STORE_AWAY_S = 2.0
"""How long to wait where the store cannot be written: its disk is full, or its database away."""

TOOK_TOO_LONG = 3
"""The exit code of a process that ended itself because one file took too long."""


def run_reader(plan: ReaderPlan, worker: str, ready: Event) -> None:
    """Read jobs as `worker` until SIGTERM (what is being read is finished first); `ready` is set once models are open.

    Ends with the process that started it, however that ends.
    """
    if plan.begin is not None:
        plan.begin()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent says when to stop
    _end_with_parent()
    bound_memory(plan.memory_bytes)
    store = open_store(plan.store, options=plan.options, migrate=False, check=False)
    with Reader(models=[load_bundle(folder) for folder in plan.models], settings=plan.settings) as reader:
        ready.set()
        while not stopping.is_set():
            stopping.wait(_work(store, reader=reader, plan=plan, worker=worker))
    store.close()


def _work(store: Store, *, reader: Reader, plan: ReaderPlan, worker: str) -> float:
    """Read one job, if there is one; returns how long to wait before the next, in seconds."""
    try:
        lease = store.queue.claim(worker)
        if lease is None:
            return _IDLE_S
        return _read(lease, store=store, reader=reader, plan=plan)
    except OutputError as error:
        _LOG.error("%s", error)
        return _STORE_AWAY_S
    except HilumError as error:
        _LOG.error("a job could not be ended: %s", error.kind)
    return 0.0


def _read(lease: Lease, *, store: Store, reader: Reader, plan: ReaderPlan) -> float:
    """Read a leased job; one whose reading cannot be kept waits anew, and its attempt does not count.

    Otherwise a disk that is full for a few minutes would use up the attempts of all that waits.
    """
    try:
        with Heartbeat(lease, queue=store.queue, seconds=plan.seconds, on_late=_end_at_once):
            read_lease(lease, store=store, reader=reader, also=plan.also)
    except OutputError as error:
        _LOG.error("%s", error)
        store.queue.give_back(lease)
        return _STORE_AWAY_S
    return 0.0


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)  # the threads of libraries do not end otherwise

    threading.Thread(target=watch, name="hilum-parent", daemon=True).start()


def _end_at_once() -> None:
    os._exit(TOOK_TOO_LONG)

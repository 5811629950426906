"""Listening as a whole: store, listener, reader processes and the delivery of results, until it is told to stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

from hilum.service.dicom.deliver import Deliverer
from hilum.service.dicom.listener import Listener, ListenSettings
from hilum.service.dicom.outbox import DAY_S, Outbox
from hilum.service.dicom.peers import Destination
from hilum.service.readers.plan import ReaderPlan
from hilum.service.readers.pool import ReaderPool
from hilum.service.store.store import open_store
from hilum.service.store.sweep import swept


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenPlan:
    """What listens, what reads, and where results go; after `give_up_days` of failures an object is given up.

    `reading` must make results (`results.ResultsOf`) for `destinations`.
    """

    listening: ListenSettings
    reading: ReaderPlan
    readers: int
    settings_sha256: str
    destinations: Sequence[Destination]
    commitment: bool = True
    give_up_days: float = 7.0


def run_listener(plan: ListenPlan, *, say: Callable[[str], None]) -> None:
    """Listen until SIGINT or SIGTERM. `say` is told where.

    Raises `UsageError` where the port cannot be used, and `OutputError` where the store cannot.
    """
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    store = open_store(plan.reading.store, options=plan.reading.options)
    outbox = Outbox(database=store.database, clock=time.time, give_up_s=plan.give_up_days * DAY_S)
    deliverer = Deliverer(
        title=plan.listening.title, destinations=plan.destinations, outbox=outbox, commitment=plan.commitment
    )
    sending = threading.Thread(target=deliverer.run, args=(stopping,), name="hilum-deliverer", daemon=True)
    with closing(store), ReaderPool(plan.reading, count=plan.readers, queue=store.queue), swept(store):
        listener = Listener(plan.listening, store=store, outbox=outbox, settings_sha256=plan.settings_sha256)
        with closing(listener):
            sending.start()
            say(f"listening as {plan.listening.title} at {plan.listening.host}, port {listener.port} (Ctrl-C ends)")
            stopping.wait()
        sending.join()

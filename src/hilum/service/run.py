"""The whole service in one process: store, reader processes, web, the hospital's network, and the sweep of what is old.

One process holds a folder. Two could share its table of jobs, but each would read, keep and send by its own options.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from hilum.reading.reader import Reader
from hilum.reading_result import ModelRef
from hilum.service.dicom.network import NetworkPlan, connected, warn_of_unnamed
from hilum.service.dicom.results import ResultsOf
from hilum.service.readers.plan import ReaderPlan
from hilum.service.readers.pool import ReaderPool
from hilum.service.store.store import hold_store, open_store
from hilum.service.store.sweep import swept
from hilum.service.web.app import create_app
from hilum.service.web.serve import WebPlan, address_of, answer, open_port
from hilum.service.web.service import Readers


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownReader:
    """What the other parts must know of the reader that reader processes have open."""

    settings_sha256: str
    models: Sequence[ModelRef]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlan:
    """`readers` processes by the plan `reading`, and what brings them files: the web, the network, or both."""

    reading: ReaderPlan
    reader: KnownReader
    readers: int
    web: WebPlan | None = None
    network: NetworkPlan | None = None


def known_reader(reader: Reader) -> KnownReader:
    """What of a reader stays known when it is closed."""
    return KnownReader(settings_sha256=reader.settings_sha256, models=reader.models)


def run_service(plan: ServicePlan, *, say: Callable[[str], None]) -> None:
    """Serve and listen until SIGINT or SIGTERM; what is being read is finished then. `say` is told the addresses.

    Raises `UsageError` where an address cannot be used or the database belongs to another folder, and `OutputError`
    where the store cannot be used, or another process has it.
    """
    with ExitStack() as stack:
        listening = None if plan.web is None else stack.enter_context(closing(open_port(plan.web)))
        stack.enter_context(hold_store(plan.reading.store))
        store = stack.enter_context(closing(open_store(plan.reading.store, options=plan.reading.options)))
        pool = stack.enter_context(ReaderPool(plan.reading, count=plan.readers, queue=store.queue))
        stack.enter_context(swept(store))
        if plan.network is not None:
            sha256 = plan.reader.settings_sha256
            stack.enter_context(connected(plan.network, store=store, settings_sha256=sha256, say=say))
        destinations = () if plan.network is None else plan.network.destinations
        warn_of_unnamed(store, destinations=destinations)
        store.audit.add("start", who="", address="")
        stack.callback(store.audit.add, "stop", who="", address="")
        if plan.web is None or listening is None:
            _wait_for_signal()
            return
        readers = Readers(ready=lambda: pool.ready, deaths=lambda: pool.deaths)
        again = ResultsOf(destinations).again(store.files)
        app = create_app(plan.reader, store, plan.web.settings, readers=readers, again=again)
        say(f"serving at {address_of(plan.web, listening=listening)} (Ctrl-C ends)")
        answer(app, plan.web, listening=listening)


def _wait_for_signal() -> None:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    stopping.wait()

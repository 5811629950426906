"""The service on the hospital's network: what listens, and what delivers results, while the service runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from hilum.service.dicom.deliver import Deliverer
from hilum.service.dicom.listener import Listener, ListenSettings
from hilum.service.dicom.outbox import DAY_S, Outbox
from hilum.service.dicom.peers import AnyDestination
from hilum.service.dicom.web_archive import WebArchives
from hilum.service.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPlan:
    """What listens (None: nothing), and where results go; after `give_up_days` of failures an object is given up.

    `title` is hilum's AE title, and `web` how archives on the web are sent to. Reader processes must make results
    (`results.ResultsOf`) for `destinations`.
    """

    title: str
    listening: ListenSettings | None = None
    destinations: Sequence[AnyDestination] = ()
    commitment: bool = True
    web: WebArchives = field(default_factory=WebArchives)
    give_up_days: float = 7.0


@contextmanager
def connected(plan: NetworkPlan, *, store: Store, settings_sha256: str, say: Callable[[str], None]) -> Generator[None]:
    """Listen and deliver while the block runs; `say` is told where. Raises `UsageError` where the port is taken."""
    stopping = threading.Event()
    outbox = Outbox(database=store.database, clock=time.time, give_up_s=plan.give_up_days * DAY_S)
    deliverer = Deliverer(
        title=plan.title,
        destinations=plan.destinations,
        outbox=outbox,
        commitment=plan.commitment,
        web=plan.web,
    )
    sending = threading.Thread(target=deliverer.run, args=(stopping,), name="hilum-deliverer", daemon=True)
    try:
        if plan.listening is None:
            sending.start()
            yield
            return
        with closing(Listener(plan.listening, store=store, outbox=outbox, settings_sha256=settings_sha256)) as listener:
            sending.start()
            say(f"listening as {plan.title} at {plan.listening.host}, port {listener.port} (Ctrl-C ends)")
            yield
    finally:
        stopping.set()
        if sending.is_alive():
            sending.join()

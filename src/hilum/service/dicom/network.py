"""The service on the hospital's network: what listens, and what delivers results, while the service runs."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from hilum.service.dicom.deliver import Deliverer
from hilum.service.dicom.listener import Listener, ListenSettings
from hilum.service.dicom.outbox import DAY_S, OPEN, Outbox
from hilum.service.dicom.peers import AnyDestination, Destination
from hilum.service.dicom.results import ResultsOf
from hilum.service.dicom.web_archive import WebArchives
from hilum.service.store.store import Store

_LOG = logging.getLogger("hilum.service")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPlan:
    """What listens (None: nothing), and where results go; after `give_up_days` of failures an object is given up.

    `title` is hilum's AE title, and `web` how archives on the web are sent to. Reader processes must make results
    (`results.ResultsOf`) for `destinations`. `commitment`: archives are to be asked what they keep; they are where
    somebody listens for their report (`asks_commitment`).
    """

    title: str
    listening: ListenSettings | None = None
    destinations: Sequence[AnyDestination] = ()
    commitment: bool = True
    web: WebArchives = field(default_factory=WebArchives)
    give_up_days: float = 7.0

    @property
    def asks_commitment(self) -> bool:
        """Whether archives are asked to report what they keep; without a listener no report would be heard."""
        return self.commitment and self.listening is not None

    @property
    def unheard(self) -> tuple[str, ...]:
        """What to do about archives whose report would not be heard, a line each; nothing where none is wanted."""
        archives = {each.title: each.host for each in self.destinations if isinstance(each, Destination)}
        if not self.commitment or not archives:
            return ()
        if self.listening is None:
            return (
                f"Use --from {_callers(archives)} if archives are to confirm that they keep a result: without --from "
                "nothing listens for their report, so they are not asked, and a result counts as delivered once it is "
                "taken (--no-commitment leaves out this line)",
            )
        known = {caller.title for caller in self.listening.callers}
        return tuple(
            f"Use --from {title}@{host} too, or --no-commitment: {title} is asked to confirm that it keeps a result, "
            "and a report from an AE title that no --from names is refused, so the result would be sent again"
            for title, host in archives.items()
            if title not in known
        )


@contextmanager
def connected(plan: NetworkPlan, *, store: Store, settings_sha256: str, say: Callable[[str], None]) -> Generator[None]:
    """Listen and deliver while the block runs; `say` is told where. Raises `UsageError` where the port is taken."""
    for line in plan.unheard:
        _LOG.warning("%s", line)
    stopping = threading.Event()
    outbox = Outbox(database=store.database, clock=time.time, give_up_s=plan.give_up_days * DAY_S)
    deliverer = Deliverer(
        title=plan.title,
        destinations=plan.destinations,
        outbox=outbox,
        commitment=plan.asks_commitment,
        web=plan.web,
    )
    sending = threading.Thread(target=deliverer.run, args=(stopping,), name="hilum-deliverer", daemon=True)
    try:
        if plan.listening is None:
            sending.start()
            yield
            return
        again = ResultsOf(plan.destinations).again(store.files)
        with closing(
            Listener(plan.listening, store=store, outbox=outbox, settings_sha256=settings_sha256, again=again)
        ) as listener:
            sending.start()
            say(f"listening as {plan.title} at {plan.listening.host}, port {listener.port} (Ctrl-C ends)")
            yield
    finally:
        stopping.set()
        if sending.is_alive():
            sending.join()


def warn_of_unnamed(store: Store, *, destinations: Sequence[AnyDestination]) -> None:
    """Say in the log how many results wait for somewhere that is no destination (any more): nothing sends them."""
    named = {each.name for each in destinations}
    waiting: Counter[str] = Counter()
    for row in Outbox(database=store.database, clock=time.time).counts():
        if row.state in OPEN and row.destination not in named:
            waiting[row.destination] += row.rows
    for name, rows in waiting.items():
        _LOG.warning(
            "%s for %s, which no --to names now, and nothing sends %s; name it with --to as it stands here, or send "
            "the images again to have their results go to the archives that --to names",
            "1 result waits" if rows == 1 else f"{rows:,} results wait",
            name,
            "it" if rows == 1 else "them",
        )


def _callers(archives: Mapping[str, str]) -> str:
    return " --from ".join(f"{title}@{host}" for title, host in archives.items())

"""What runs beside a service removes what is too old at once, and ends with it."""

import threading
import time
from collections.abc import Callable

from hilum.service.store.job import Outcome, Place, Upload
from hilum.service.store.readings import HOUR_S
from hilum.service.store.store import Store
from hilum.service.store.sweep import swept

DRAWN = "page.html"


def test_what_is_too_old_goes_at_once_and_nothing_runs_on(store: Store, clock: Callable) -> None:
    store.queue.accept(b"x", upload=Upload(name="a.png", origin="rest"), settings_sha256="s")
    lease = store.queue.claim("w")
    assert lease is not None
    place = Place(rank="flagged", value=6.0, why="")
    assert store.queue.finish(lease, Outcome(reading={}, place=place, drawn={DRAWN: b"x"}))
    clock.now_s += 2 * HOUR_S
    before = threading.active_count()
    with swept(store):
        until = time.monotonic() + 30
        while store.files.drawn(lease.job.id, DRAWN) is not None and time.monotonic() < until:
            time.sleep(0.01)
        assert store.files.drawn(lease.job.id, DRAWN) is None
    assert threading.active_count() == before

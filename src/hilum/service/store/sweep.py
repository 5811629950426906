"""What is too old in a store is removed while something runs."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

from hilum.errors import OutputError
from hilum.service.store.store import Store

_EVERY_S = 300.0


@contextmanager
def swept(store: Store) -> Generator[None]:
    """Remove what is too old now, and every five minutes while the block runs."""
    over = threading.Event()

    def sweep() -> None:
        while True:
            with suppress(OutputError):  # the next sweep takes it along
                store.readings.sweep()
            if over.wait(_EVERY_S):
                return

    thread = threading.Thread(target=sweep, name="hilum-sweep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()

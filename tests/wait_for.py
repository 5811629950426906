"""Waiting in tests for what other threads and processes do."""

import time
from collections.abc import Callable


def wait_for(is_so: Callable[[], object], *, seconds: float = 300.0) -> None:
    """Wait until something is so; fail where it is not in time."""
    ends_s = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends_s, "waited in vain"
        time.sleep(0.02)

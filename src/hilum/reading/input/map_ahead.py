"""Work done ahead in threads, in order and within a bound of memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar

from hilum.profile import NOT_TIMED, Timer


class Sized(Protocol):
    """A result that knows how much memory it holds."""

    @property
    def nbytes(self) -> int:
        """Bytes held."""


Item = TypeVar("Item")
Result = TypeVar("Result", bound=Sized)


def map_ahead(
    items: Iterable[Item],
    function: Callable[[Item], Result],
    *,
    jobs: int,
    depth: int,
    memory_bytes: int,
    name: str = "decode",
    timer: Timer = NOT_TIMED,
) -> Generator[Result]:
    """`function` of every item, in the items' order, computed by `jobs` threads up to `depth` items ahead.

    No more wait ahead than fit into `memory_bytes` at the size of the largest result so far, and never fewer than
    `jobs`. Items are drawn from the caller's thread only. Closing the generator (also by Ctrl-C) drops what has not
    begun and waits for what has. `name` is the threads'; `timer` hears how long the caller waits for them.
    """
    waiting: deque[Future[Result]] = deque()
    largest = 0
    source = iter(items)
    pool = ThreadPoolExecutor(jobs, thread_name_prefix=f"hilum-{name}")
    try:
        while True:
            room = jobs if largest == 0 else max(jobs, min(depth, memory_bytes // largest))
            while len(waiting) < room:
                try:
                    item = next(source)
                except StopIteration:
                    break
                waiting.append(pool.submit(function, item))
            if not waiting:
                return
            with timer.part(f"waiting for {name}"):
                result = waiting.popleft().result()
            largest = max(largest, result.nbytes)
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)

"""Where the time of a run goes: parts that are named where they are worked on, in the threads that work on them.

Whoever works says so by `with timer.part("decode")`. A part within a part of the same thread counts for itself alone,
so the parts of a thread never count an instant twice. `NOT_TIMED` hears of nothing and reads no clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol

REST = "the rest"
"""What the main thread did beside its named parts, and what no named part of any thread took of the processor."""


class Timer(Protocol):
    """Hears what the time goes on; it decides nothing."""

    def part(self, name: str, /) -> AbstractContextManager[None]:
        """What this thread does within the block. The block must end in the thread that began it."""


class _NotTimed:
    def part(self, _name: str, /) -> AbstractContextManager[None]:
        """Nobody measures."""
        return _NOTHING


_NOTHING: AbstractContextManager[None] = nullcontext()

NOT_TIMED: Timer = _NotTimed()
"""For whoever does not ask where the time goes."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """In seconds: the time that passes, the processor time of the calling thread and that of the whole process."""

    wall: Callable[[], float] = time.perf_counter
    thread_cpu: Callable[[], float] = time.thread_time
    process_cpu: Callable[[], float] = time.process_time


@dataclass(frozen=True, slots=True)
class Spent:
    """What one part took in all threads of one kind: how often it was begun, and seconds. `threads` is their name."""

    threads: str
    part: str
    times: int
    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Profile:
    """Where a run's time went. The parts of the main thread, its rest among them, add up to `wall_s`.

    Those of all threads add up to the processor time `cpu_s`: what no part named stands as the rest of "other threads",
    which are mainly those of the inference engine. `threads` counts the threads of each kind.
    """

    wall_s: float
    cpu_s: float
    spent: tuple[Spent, ...]
    threads: dict[str, int]

    def times(self, part: str) -> int:
        """How often a part was begun, in all threads."""
        return sum(one.times for one in self.spent if one.part == part)

    def of(self, threads: str) -> tuple[Spent, ...]:
        """The parts of the threads of one kind, the longest first."""
        return tuple(sorted((one for one in self.spent if one.threads == threads), key=lambda one: -one.wall_s))


MAIN, OTHER = "main thread", "other threads"


@dataclass(slots=True)
class _Open:
    """A part that is being worked on, and what parts within it took of its time."""

    name: str
    wall: float
    cpu: float
    within_wall: float = 0.0
    within_cpu: float = 0.0


class Profiler:
    """Measures from its construction, in the thread that constructs it, which is the main one, until `profile`."""

    def __init__(self, *, clocks: Clocks | None = None) -> None:
        self._clocks = clocks or Clocks()
        self._main = threading.get_ident()
        self._lock = threading.Lock()
        self._open = threading.local()
        self._spent: dict[tuple[str, str], Spent] = {}
        self._names: dict[str, str] = {}
        self._wall, self._cpu = self._clocks.wall(), self._clocks.process_cpu()
        self._main_cpu = self._clocks.thread_cpu()

    @contextmanager
    def part(self, name: str, /) -> Iterator[None]:
        """What this thread does within the block."""
        parts: list[_Open] = self._open.__dict__.setdefault("parts", [])
        mine = _Open(name, self._clocks.wall(), self._clocks.thread_cpu())
        parts.append(mine)
        try:
            yield
        finally:
            wall, cpu = self._clocks.wall() - mine.wall, self._clocks.thread_cpu() - mine.cpu
            parts.pop()
            if parts:
                parts[-1].within_wall += wall
                parts[-1].within_cpu += cpu
            self._add(name, wall=wall - mine.within_wall, cpu=cpu - mine.within_cpu)

    def profile(self) -> Profile:
        """Where the time went until now; asked for by the thread that made the profiler, outside of any part."""
        wall, cpu = self._clocks.wall() - self._wall, self._clocks.process_cpu() - self._cpu
        main_cpu = self._clocks.thread_cpu() - self._main_cpu
        with self._lock:
            spent, kinds = tuple(self._spent.values()), tuple(self._names.values())
        main = [one for one in spent if one.threads == MAIN]
        rest = Spent(
            MAIN,
            REST,
            1,
            max(0.0, wall - sum(one.wall_s for one in main)),
            max(0.0, main_cpu - sum(one.cpu_s for one in main)),
        )
        others = max(0.0, cpu - rest.cpu_s - sum(one.cpu_s for one in spent))
        return Profile(
            wall,
            cpu,
            (*spent, rest, Spent(OTHER, REST, 1, 0.0, others)),
            {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
        )

    def _add(self, name: str, *, wall: float, cpu: float) -> None:
        kind = self._kind()
        with self._lock:
            self._names[threading.current_thread().name] = kind
            before = self._spent.get((kind, name))
            times, wall_s, cpu_s = (0, 0.0, 0.0) if before is None else (before.times, before.wall_s, before.cpu_s)
            self._spent[kind, name] = Spent(kind, name, times + 1, wall_s + wall, cpu_s + cpu)

    def _kind(self) -> str:
        """What the calling thread is called, without its number and hilum's own prefix: `decode`, `render`."""
        if threading.get_ident() == self._main:
            return MAIN
        return threading.current_thread().name.rpartition("_")[0].removeprefix("hilum-") or OTHER

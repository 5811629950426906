"""Where the time goes: by clocks that the test moves, so that every second has a place that is known beforehand."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from hilum.profile import MAIN, NOT_TIMED, OTHER, REST, Clocks, Profiler


class Hands:
    """Clocks that stand still until they are moved; each thread has a processor time of its own."""

    def __init__(self) -> None:
        self.wall, self.process = 100.0, 7.0
        self.threads: dict[int, float] = {}

    def clocks(self) -> Clocks:
        return Clocks(lambda: self.wall, lambda: self.threads.get(threading.get_ident(), 0.0), lambda: self.process)

    def work(self, seconds: float, *, cpu: float | None = None) -> None:
        spent = seconds if cpu is None else cpu
        self.wall += seconds
        self.process += spent
        mine = threading.get_ident()
        self.threads[mine] = self.threads.get(mine, 0.0) + spent


@pytest.fixture
def hands() -> Hands:
    return Hands()


def test_a_part_within_a_part_counts_once_and_the_parts_add_up(hands: Hands) -> None:
    profiler = Profiler(clocks=hands.clocks())
    with profiler.part("files"):
        hands.work(1.0)
        with profiler.part("fsync"):
            hands.work(4.0, cpu=0.5)
        hands.work(2.0)
    hands.work(0.25)
    found = profiler.profile()
    spent = {one.part: (one.times, one.wall_s, one.cpu_s) for one in found.of(MAIN)}
    assert spent == {"fsync": (1, 4.0, 0.5), "files": (1, 3.0, 3.0), REST: (1, 0.25, 0.25)}
    assert sum(one.wall_s for one in found.of(MAIN)) == found.wall_s == 7.25
    assert [one.part for one in found.of(MAIN)] == ["fsync", "files", REST]


def test_threads_of_a_pool_are_one_kind_and_what_nobody_names_is_left_over(hands: Hands) -> None:
    profiler = Profiler(clocks=hands.clocks())

    def decode(seconds: float) -> None:
        with profiler.part("decode"):
            hands.work(seconds)

    for name in ("hilum-decode", "hilum-render"):
        with ThreadPoolExecutor(1, thread_name_prefix=name) as pool:
            list(pool.map(decode, [1.0, 2.0]))
    hands.process += 9.0  # threads of a library, which name no parts
    found = profiler.profile()
    assert {(one.threads, one.part, one.times, one.cpu_s) for one in found.spent} == {
        ("decode", "decode", 2, 3.0),
        ("render", "decode", 2, 3.0),
        (MAIN, REST, 1, 0.0),
        (OTHER, REST, 1, 9.0),
    }
    assert found.threads == {"decode": 1, "render": 1}
    assert sum(one.cpu_s for one in found.spent) == found.cpu_s == 15.0
    assert found.times("decode") == 4


def test_a_part_that_ends_with_an_error_counts(hands: Hands) -> None:
    profiler = Profiler(clocks=hands.clocks())

    def decode() -> None:
        with profiler.part("decode"):
            hands.work(2.0)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        decode()
    with profiler.part("decode"):
        hands.work(1.0)
    (found, _) = profiler.profile().of(MAIN)
    assert (found.part, found.times, found.wall_s) == ("decode", 2, 3.0)


def test_who_does_not_ask_reads_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    def clock() -> float:
        raise AssertionError("a clock was read")

    for name in ("perf_counter", "thread_time", "process_time"):
        monkeypatch.setattr(f"time.{name}", clock)
    first, second = NOT_TIMED.part("decode"), NOT_TIMED.part("gate")
    assert first is second
    with first, second:
        pass

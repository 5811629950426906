"""Work done ahead keeps the order, the bound and its word when it is stopped."""

import threading
import time
from dataclasses import dataclass

import pytest

from hilum.reading.input.map_ahead import map_ahead


@dataclass(frozen=True)
class Loaded:
    number: int
    nbytes: int


def test_results_come_in_the_items_order_though_some_take_longer() -> None:
    def load(number: int) -> Loaded:
        time.sleep(0.02 if number % 3 == 0 else 0)
        return Loaded(number, 1)

    results = map_ahead(range(20), load, jobs=4, depth=8, memory_bytes=10**9)
    assert [result.number for result in results] == list(range(20))


@pytest.mark.parametrize(("nbytes", "jobs", "most"), [(1, 2, 8), (100, 2, 3), (10**6, 2, 2), (0, 2, 2)])
def test_no_more_wait_than_fit(nbytes: int, jobs: int, most: int) -> None:
    """300 bytes of memory: 8 (the depth) of 1 byte, 3 of 100, and never fewer than the threads."""
    drawn = 0

    def items():
        nonlocal drawn
        for number in range(50):
            drawn += 1
            yield number

    ahead = []
    results = map_ahead(items(), lambda number: Loaded(number, nbytes), jobs=jobs, depth=8, memory_bytes=300)
    for taken, _ in enumerate(results, start=1):
        ahead.append(drawn - taken)
    assert max(ahead) == most - 1  # one of those that waited was just handed out
    assert taken == 50


def test_nothing_to_do() -> None:
    assert list(map_ahead([], lambda number: Loaded(number, 1), jobs=2, depth=8, memory_bytes=1)) == []


def test_closing_stops_the_threads_and_draws_no_more() -> None:
    started = []

    def load(number: int) -> Loaded:
        started.append(number)
        return Loaded(number, 1)

    before = threading.active_count()
    results = map_ahead(range(10**9), load, jobs=3, depth=5, memory_bytes=10**9)
    next(results)
    results.close()
    assert threading.active_count() == before
    assert len(started) <= 3 + 5


def test_an_error_of_the_items_ends_the_run_and_the_threads() -> None:
    def items():
        yield 1
        raise OSError("the folder vanished")

    before = threading.active_count()
    with pytest.raises(OSError, match="the folder vanished"):
        list(map_ahead(items(), lambda number: Loaded(number, 1), jobs=2, depth=8, memory_bytes=1))
    assert threading.active_count() == before

import platform
import resource
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from hilum.training.loop.freed_memory import freed_memory_kept

PAGES = 16 * 1024
BYTES = PAGES * resource.getpagesize()

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to keep freed memory")


@pytest.fixture
def alone():
    """Calls a function in a process of its own: what other tests freed lies in no heap where a block could go."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield lambda function: pool.submit(function).result()


@pytest.fixture
def small_pages(alone):
    """Skips where the system gives more than a page at a time, so that pages cannot be counted."""
    if alone(_pages_mapped_once) < PAGES / 2:
        pytest.skip("this system gives large pages")


def test_a_block_is_mapped_once_within_and_every_time_outside(alone, small_pages):
    before, within, after = alone(_pages_before_within_and_after)
    assert before > 3 * PAGES
    assert within < PAGES / 4
    assert after > 3 * PAGES


def test_what_was_kept_is_handed_back_at_the_end(alone):
    before, within, after = alone(_bytes_before_within_and_after)
    assert within > before + BYTES / 2
    assert after < before + BYTES / 2


def test_an_error_ends_it_too(alone, small_pages):
    assert alone(_pages_after_an_error) > 3 * PAGES


def _written():
    """A large block, every page of it written."""
    return b"1" * BYTES


def _pages_mapped(*, rounds):
    """How many pages the system gives while a large block is taken, written and freed again and again."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(rounds):
        _written()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def _resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _pages_mapped_once():
    return _pages_mapped(rounds=1)


def _pages_before_within_and_after():
    before = _pages_mapped(rounds=4)
    with freed_memory_kept():
        _pages_mapped(rounds=1)
        within = _pages_mapped(rounds=4)
    return before, within, _pages_mapped(rounds=4)


def _bytes_before_within_and_after():
    before = _resident_bytes()
    with freed_memory_kept():
        _written()
        within = _resident_bytes()
    return before, within, _resident_bytes()


def _pages_after_an_error():
    try:
        with freed_memory_kept():
            raise ValueError
    except ValueError:
        return _pages_mapped(rounds=4)

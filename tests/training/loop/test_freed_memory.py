import platform
import resource
from pathlib import Path

import pytest

from hilum.training.loop.freed_memory import freed_memory_kept

PAGES = 16 * 1024
BYTES = PAGES * resource.getpagesize()

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to keep freed memory")


def written():
    """A large block, every page of it written."""
    return b"1" * BYTES


def pages_mapped(*, rounds):
    """How many pages the system gives while a large block is taken, written and freed again and again."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(rounds):
        written()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.fixture
def small_pages(monkeypatch):
    """Skips where the system gives more than a page at a time, so that pages cannot be counted."""
    if pages_mapped(rounds=1) < PAGES / 2:
        pytest.skip("this system gives large pages")


def test_a_block_is_mapped_once_within_and_every_time_outside(small_pages):
    assert pages_mapped(rounds=4) > 3 * PAGES
    with freed_memory_kept():
        pages_mapped(rounds=1)
        assert pages_mapped(rounds=4) < PAGES / 4
    assert pages_mapped(rounds=4) > 3 * PAGES


def test_what_was_kept_is_handed_back_at_the_end():
    before = resident_bytes()
    with freed_memory_kept():
        written()
        assert resident_bytes() > before + BYTES / 2
    assert resident_bytes() < before + BYTES / 2


def test_an_error_ends_it_too(small_pages):
    with pytest.raises(ValueError, match="stopped"), freed_memory_kept():
        raise ValueError("stopped")
    assert pages_mapped(rounds=4) > 3 * PAGES

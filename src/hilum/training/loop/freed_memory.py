"""What a training step frees stays with the process, where the next step takes it again.

A step on a CPU takes and frees hundreds of megabytes in large blocks. glibc hands such blocks back at once, and for the
next step the system maps and clears every page of them anew: a third of the time of a step of MobileNetV2
(`benchmarks/before_and_after.py`). Not a bit of any result depends on it.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

# malloc.h
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4
_NEVER_TRIMMED = 2**31 - 1
_DEFAULT_TRIM_THRESHOLD = 128 * 1024
_DEFAULT_MMAP_MAX = 65536


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Keep freed memory within; at the end all of it is handed back, and glibc works by its defaults.

    Where the C library is not glibc nothing is changed.
    """
    library = ctypes.CDLL(None) if os.name == "posix" else None
    if library is None or not hasattr(library, "mallopt"):
        yield
        return
    library.mallopt(_M_MMAP_MAX, 0)
    library.mallopt(_M_TRIM_THRESHOLD, _NEVER_TRIMMED)
    try:
        yield
    finally:
        library.mallopt(_M_MMAP_MAX, _DEFAULT_MMAP_MAX)
        library.mallopt(_M_TRIM_THRESHOLD, _DEFAULT_TRIM_THRESHOLD)
        library.malloc_trim(0)

"""Keep what pydicom and imagecodecs say of a file's quirks off standard error, in any number of threads.

imagecodecs logs the complaints of libpng and libtiff. Its logger has no handler, so that Python would print them: it
gets the handler that does nothing, which leaves the logging that an application sets up as it is.

`warnings.catch_warnings` saves and restores the whole list of filters, which loses or revives other threads' filters.
Here one filter of our own is put in when the first reader enters and taken out when the last one leaves.

pydicom sends each warning to its logger too. They quote what stands in a tag, which may be a name, so that no log of
an application may have them either.
"""

from __future__ import annotations

import logging
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_PATTERN = r"pydicom(\.|$)"

logging.getLogger("imagecodecs").addHandler(logging.NullHandler())

_lock = threading.Lock()
_readers: list[object] = []


class _NobodyReads(logging.Filter):
    """Lets pydicom's lines pass only while nobody reads here."""

    def filter(self, _record: logging.LogRecord) -> bool:
        return not _readers


logging.getLogger("pydicom").addFilter(_NobodyReads())


@contextmanager
def without_pydicom_warnings() -> Iterator[None]:
    """Silence warnings that pydicom raises of a file's quirks: hilum checks what it uses, and says it in its words."""
    reader = object()
    with _lock:
        if not _readers:
            warnings.filterwarnings("ignore", module=_PATTERN)
        _readers.append(reader)
    try:
        yield
    finally:
        with _lock:
            _readers.remove(reader)
            if not _readers:
                _take_out()


def _take_out() -> None:
    filters = warnings.filters
    if isinstance(filters, list):  # a sequence to the type checker, a list in every supported Python
        filters[:] = [one for one in filters if not _is_ours(one[3])]


def _is_ours(module: object) -> bool:
    return isinstance(module, re.Pattern) and module.pattern == _PATTERN

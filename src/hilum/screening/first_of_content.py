"""Which rows are the first of their content, among any number of rows, in the memory that a 256th of them takes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

_BUCKETS = 256
_ROW = np.dtype([("sha256", "V32"), ("row", "<u8")])


class FirstOfContent:
    """Takes a SHA-256 of what every row is told by, in order, and tells then of each row how many have its content.

    Rows are sorted into files by the first byte of their hash, in a folder of the system's own that goes away at the
    end. 10^8 rows take 4 GB there, and 20 MB of memory beside 4 bytes a row.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="hilum-screen-")
        self._files = [(Path(self._folder.name) / f"{bucket:02x}").open("w+b") for bucket in range(_BUCKETS)]
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()
        self._folder.cleanup()

    def add(self, hashes: Iterable[str | None]) -> None:
        """More rows; None where the bytes are not known, which are like no other."""
        for sha256 in hashes:
            if sha256 is not None:
                raw = bytes.fromhex(sha256)
                self._files[raw[0]].write(raw + self._count.to_bytes(8, "little"))
            self._count += 1

    def copies(self) -> npt.NDArray[np.uint32]:
        """Of each row how many rows have its content, if it is the first of them, and 0 if it is a later one."""
        found = np.ones(self._count, np.uint32)
        for file in self._files:
            file.flush()
            file.seek(0)
            rows = np.frombuffer(file.read(), _ROW)
            if len(rows):
                _count_bucket(rows, found)
        return found


def _count_bucket(rows: npt.NDArray[np.void], found: npt.NDArray[np.uint32]) -> None:
    words = np.ascontiguousarray(rows["sha256"]).view(">u8").reshape(len(rows), 4)
    order = np.lexsort(words.T[::-1])  # stable: among rows of one content the first stays the first
    words = words[order]
    starts = np.flatnonzero(np.concatenate([[True], (words[1:] != words[:-1]).any(axis=1)]))
    numbers = rows["row"][order]
    found[numbers] = 0
    found[numbers[starts]] = np.diff(np.append(starts, len(order)))

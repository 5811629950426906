"""A mask that costs little memory: a bit a pixel, compressed, so that each of many records can carry one."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PackedMask:
    """A mask of `rows` x `columns` pixels; `data` is its bits in C order, as zlib packs them."""

    rows: int
    columns: int
    data: bytes

    @staticmethod
    def of(mask: Mask) -> PackedMask:
        """The mask (H, W), packed."""
        rows, columns = mask.shape
        return PackedMask(rows, columns, zlib.compress(np.packbits(mask).tobytes()))

    @property
    def mask(self) -> Mask:
        """The mask bool (H, W) again, a copy of its own."""
        bits = np.frombuffer(zlib.decompress(self.data), np.uint8)
        return np.unpackbits(bits, count=self.rows * self.columns).astype(np.bool_).reshape(self.rows, self.columns)

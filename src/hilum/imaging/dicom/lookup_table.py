"""DICOM lookup tables, as modality LUT, VOI LUT and palette hold them (PS3.3 C.11.1, C.11.2, C.7.6.3.1.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from hilum.errors import DecodeError
from hilum.imaging.dicom.values import numbers, raw_element

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LookupTable:
    """`entries[0]` is for the input `first` and below, the last for all above; entries lie in 0 .. 2**bits - 1.

    `bits` is the declared depth, or what the entries need where that is more; then `warnings` says so.
    """

    first: int
    entries: Values
    bits: int
    warnings: tuple[str, ...] = ()

    @property
    def top(self) -> float:
        """The largest value that the depth allows."""
        return float(2**self.bits - 1)

    def apply(self, values: Values) -> Values:
        """The entries for values of any shape."""
        index = np.clip(np.rint(values) - self.first, 0, len(self.entries) - 1).astype(np.intp)
        return np.asarray(self.entries[index], np.float64)


def read_table(dataset: Dataset, *, descriptor: str, data: str, signed: bool) -> LookupTable:
    """The table of a descriptor element (count, first input, bits) and a data element.

    `signed` tells how the first input is stored. Raises `DecodeError` where the two do not fit together.
    """
    description = numbers(dataset, descriptor)
    found = raw_element(dataset, data)
    if len(description) != 3 or found is None:
        raise DecodeError(f"the lookup table in {data} is incomplete: it needs three numbers in {descriptor}, and data")
    count, first, bits = (int(number) & 0xFFFF for number in description)
    count = count or 65536
    if signed and first >= 32768:
        first -= 65536
    if not 1 <= bits <= 16:
        raise DecodeError(f"{descriptor} names {bits} bits an entry, which must be 1 to 16")
    content = found.data
    wide = len(content) >= 2 * count
    if not wide and (bits > 8 or len(content) < count):
        raise DecodeError(f"{descriptor} names {count} entries, but {data} holds {len(content)} bytes")
    kind = ("<u2" if found.is_little_endian else ">u2") if wide else "u1"
    entries = np.frombuffer(content, kind, count=count).astype(np.float64)
    needed = int(entries.max()).bit_length()
    if needed <= bits:
        return LookupTable(first, entries, bits)
    highest = f"{data} holds entries up to {entries.max():g}"
    warning = f"{highest}, more than the {bits} bits of {descriptor}: it is read with {needed} bits"
    return LookupTable(first, entries, needed, (warning,))

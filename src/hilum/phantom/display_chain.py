"""How stored DICOM values become grey: modality LUT, VOI LUT or window, inversion; and how to store a picture by it.

A picture is stored by running every storable value through the chain and looking up, for each pixel, the value that
shows its grey. So one piece of code serves every variant, and it holds no inverse that could be wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from hilum.radiograph import Pixels

Values = npt.NDArray[np.float64]
Stored = npt.NDArray[np.int64]

LUT_BITS = 16
LUT_TOP = 2**LUT_BITS - 1


@dataclass(frozen=True, slots=True)
class Chain:
    """One way to store grey.

    `bits` is BitsStored (8 bits are allocated for 8, else 16). `modality` is nothing, RescaleSlope and
    RescaleIntercept, or a modality LUT sequence. `voi` is nothing (the full range is shown), a window of function
    LINEAR or LINEAR_EXACT, or a VOI LUT sequence. `inverted` means MONOCHROME1.
    """

    bits: int = 12
    signed: bool = False
    modality: Literal["none", "rescale", "lut"] = "none"
    slope: float = 1.0
    intercept: float = 0.0
    voi: Literal["none", "linear", "linear exact", "lut"] = "linear"
    inverted: bool = False

    @property
    def stored_range(self) -> tuple[int, int]:
        """The smallest and the largest storable value."""
        return (-(2 ** (self.bits - 1)), 2 ** (self.bits - 1) - 1) if self.signed else (0, 2**self.bits - 1)

    @property
    def modality_range(self) -> tuple[float, float]:
        """The smallest and the largest value after the modality LUT or rescale."""
        ends = self.after_modality(np.array(self.stored_range, np.float64))
        return float(ends.min()), float(ends.max())

    @property
    def window(self) -> tuple[int, int]:
        """The modality values shown black and white; the window leaves a tenth below and a fifth above."""
        low, high = self.modality_range
        return round(low + 0.1 * (high - low)), round(low + 0.8 * (high - low))

    @property
    def lut(self) -> npt.NDArray[np.uint16]:
        """The table of either LUT sequence: one entry for each storable value, rising as the power 1.5."""
        count = 2**self.bits
        return np.asarray(np.round(LUT_TOP * (np.arange(count) / (count - 1)) ** 1.5), np.uint16)

    def after_modality(self, stored: Values) -> Values:
        """Stored values to modality values."""
        if self.modality == "lut":
            return self.lut[(stored - self.stored_range[0]).astype(np.int64)].astype(np.float64)
        return stored * self.slope + self.intercept if self.modality == "rescale" else stored

    def grey(self, stored: Values) -> Values:
        """Stored values to grey in [0, 1], bright is dense."""
        value = self.after_modality(stored)
        if self.voi == "lut":
            shown = self.lut[(value - self.stored_range[0]).astype(np.int64)] / LUT_TOP
        else:
            low, high = self.modality_range if self.voi == "none" else self.window
            shown = np.clip((value - low) / (high - low), 0.0, 1.0)
        return np.asarray(1.0 - shown if self.inverted else shown)

    def store(self, pixels: Pixels) -> Stored:
        """The stored values int64 (H, W) that show `pixels` (H, W) as nearly as the bits allow."""
        low, high = self.stored_range
        codes = np.arange(low, high + 1, dtype=np.float64)
        grey, first = np.unique(self.grey(codes), return_index=True)
        return np.rint(np.interp(pixels, grey, codes[first])).astype(np.int64)

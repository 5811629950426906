"""How many bits the stored words really use, where that is more than Bits Stored says."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from hilum.errors import DecodeError
from hilum.imaging.dicom_frame import StoredFrame
from hilum.imaging.dicom_values import numbers
from hilum.imaging.pixel_format import PixelFormat, Words

_LOSSY_OVERSHOOT = 1.25
"""A lossy codec overshoots the range at edges, by less than this factor; those values are cut to the range."""

_Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StoredDepth:
    """The pixel format with the bits that are read, and the warning where they are not those of Bits Stored."""

    form: PixelFormat
    warnings: tuple[str, ...] = ()


def needed_depth(elements: Dataset, form: PixelFormat, stored: StoredFrame) -> StoredDepth:
    """Bits Stored, or more where the pixels plainly go on above it.

    Bits above Bits Stored may hold anything, such as an overlay (PS3.5 8.1.1), and are masked. But where masking tears
    a smooth picture, because bright pixels wrap round to dark ones, those bits belong to the pixels.
    """
    if form.bits_stored == form.bits_allocated or form.high_bit != form.bits_stored - 1:
        return StoredDepth(form)
    high = 2**form.bits_stored - 1
    if not _exceeds(stored.words, form, limit=int(high * _LOSSY_OVERSHOOT) if stored.are_values else high):
        return StoredDepth(form)
    beyond = np.unique(stored.words[stored.words > high]).astype(np.int64)
    beyond = beyond[~np.isin(beyond, list(_padding_words(elements, form)))]
    bits = max((_bits(value, form) for value in _whole(beyond, form).tolist()), default=0)
    if bits <= form.bits_stored or not (stored.are_values or _masking_tears(stored.words, form)):
        return StoredDepth(form)
    warning = f"pixels need {bits} bits, more than the {form.bits_stored} of Bits Stored: they are read with {bits}"
    return StoredDepth(replace(form, bits_stored=bits, high_bit=bits - 1), (warning,))


def _exceeds(words: Words, form: PixelFormat, *, limit: int) -> bool:
    """Whether any word is larger than `limit`, as nearly none is; signs may be extended upwards."""
    if form.signed:
        values = words.view(words.dtype.str.replace("u", "i"))
        return bool(values.max() > form.stored_range[1] or values.min() < form.stored_range[0])
    return bool(words.max() > limit)


def _masking_tears(words: Words, form: PixelFormat) -> bool:
    """Whether neighbours in a row differ more, in sum, with the upper bits masked than as they stand."""
    whole = _whole(words.astype(np.int64), form)
    masked = words.astype(np.int64) & (2**form.bits_stored - 1)
    if form.signed:
        masked = np.where(masked >= 2 ** (form.bits_stored - 1), masked - 2**form.bits_stored, masked)
    return bool(np.abs(np.diff(whole)).sum() < np.abs(np.diff(masked)).sum())


def _whole(words: _Integers, form: PixelFormat) -> _Integers:
    """What words mean with all the bits that are allocated."""
    if not form.signed:
        return words
    return np.where(words >= 2 ** (form.bits_allocated - 1), words - 2**form.bits_allocated, words)


def _bits(value: int, form: PixelFormat) -> int:
    return max(value, ~value).bit_length() + 1 if form.signed else value.bit_length()


def _padding_words(elements: Dataset, form: PixelFormat) -> frozenset[int]:
    try:
        values = numbers(elements, "PixelPaddingValue", signed=form.signed)
    except DecodeError:
        return frozenset()
    return frozenset(int(value) & (2**form.bits_allocated - 1) for value in values)

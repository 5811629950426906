"""How many bits the stored words really use, and whether they have a sign, where the tags say otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from hilum.errors import DecodeError
from hilum.imaging.dicom.frame import StoredFrame
from hilum.imaging.dicom.pixel_format import PixelFormat, Words
from hilum.imaging.dicom.values import numbers

_LOSSY_OVERSHOOT = 1.25
"""A lossy codec overshoots the range at edges, by less than this factor; those values are cut to the range."""

_TEARS = 2.0
"""A torn picture is at least so many times as rough as it is whole."""

_NOISE = 0.6
"""From this relative roughness on, the part below Bits Stored holds no picture of its own."""

_Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StoredDepth:
    """The pixel format that is read, and the warning where it is not that of Bits Stored and Pixel Representation."""

    form: PixelFormat
    warnings: tuple[str, ...] = ()


def needed_depth(elements: Dataset, form: PixelFormat, stored: StoredFrame) -> StoredDepth:
    """Bits Stored, or more where the pixels plainly go on above it; without a sign where they plainly have none.

    Bits above Bits Stored may hold anything, such as an overlay (PS3.5 8.1.1), and are masked. But where masking tears
    a smooth picture, because bright pixels wrap round to dark ones, those bits belong to the pixels. So it is with the
    sign of pixels none of which is negative when all their bits are read.
    """
    if form.high_bit != form.bits_stored - 1:
        return StoredDepth(form)
    if form.bits_stored == form.bits_allocated:
        return _without_sign(form, stored) if form.signed else StoredDepth(form)
    low, high = form.stored_range
    top = 2**form.bits_stored - 1 if form.signed else high
    if not _exceeds(stored.words, form, limit=int(top * _LOSSY_OVERSHOOT) if stored.are_values else high):
        return StoredDepth(form)
    whole = _whole(np.unique(stored.words).astype(np.int64), form)
    padding = _whole(np.array(sorted(_padding_words(elements, form)), np.int64), form)
    beyond = whole[((whole > high) | (whole < low)) & ~np.isin(whole, padding)]
    bits = max((_bits(value, form) for value in beyond.tolist()), default=0)
    if bits <= form.bits_stored or not (stored.are_values or _masking_tears(stored.words, form)):
        return StoredDepth(form)
    if form.signed and beyond.min() >= 0 and not _has_negatives(whole, padding):
        return _unsigned(replace(form, bits_stored=bits - 1, high_bit=bits - 2))
    warning = f"pixels need {bits} bits, more than the {form.bits_stored} of Bits Stored: they are read with {bits}"
    return StoredDepth(replace(form, bits_stored=bits, high_bit=bits - 1), (warning,))


def _without_sign(form: PixelFormat, stored: StoredFrame) -> StoredDepth:
    """Of words that are all sign and value: unsigned where their sign tears the picture."""
    signs = stored.words >> (form.bits_allocated - 1)
    if stored.are_values or not signs.any() or signs.all():
        return StoredDepth(form)
    words = stored.words.astype(np.int64)
    tears = _TEARS * _roughness(words) < _roughness(_whole(words, form))
    return _unsigned(form) if tears else StoredDepth(form)


def _has_negatives(whole: _Integers, padding: _Integers) -> bool:
    return bool((whole[~np.isin(whole, padding)] < 0).any())


def _unsigned(form: PixelFormat) -> StoredDepth:
    warning = "Pixel Representation says that pixels have a sign, which would tear the picture: they are read without"
    return StoredDepth(replace(form, signed=False), (warning,))


def _exceeds(words: Words, form: PixelFormat, *, limit: int) -> bool:
    """Whether any word is larger than `limit`, as nearly none is; signs may be extended upwards."""
    if form.signed:
        values = words.view(words.dtype.str.replace("u", "i"))
        return bool(values.max() > form.stored_range[1] or values.min() < form.stored_range[0])
    return bool(words.max() > limit)


def _masking_tears(words: Words, form: PixelFormat) -> bool:
    """Whether neighbours in a row differ more with the upper bits masked than as they stand.

    Asked where the part above Bits Stored steps by one: there the pixels either go on smoothly, or the part below does.
    """
    whole = _whole(words.astype(np.int64), form)
    masked = words.astype(np.int64) & (2**form.bits_stored - 1)
    if form.signed:
        masked = np.where(masked >= 2 ** (form.bits_stored - 1), masked - 2**form.bits_stored, masked)
    steps = np.abs(np.diff((whole - masked) >> form.bits_stored)) == 1
    if _TEARS * np.abs(np.diff(whole))[steps].sum() < np.abs(np.diff(masked))[steps].sum():
        return True
    return _relative(masked) > _NOISE and _TEARS * _relative(whole) < _relative(masked)


def _roughness(values: _Integers) -> float:
    """The mean difference of neighbours in a row."""
    return float(np.abs(np.diff(values)).mean()) if values.shape[1] > 1 else 0.0


def _relative(values: _Integers) -> float:
    """The roughness in standard deviations: 1.15 for uniform noise, about 0.05 for a radiograph."""
    return _roughness(values) / max(float(values.std()), 1e-9)


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

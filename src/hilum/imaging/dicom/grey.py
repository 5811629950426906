"""From stored words to grey in [0, 1]: modality LUT or rescale, window or VOI LUT, inversion once, padding.

Every step is a function of the stored word alone, so for words of up to 16 bits the whole chain is computed once for
each possible word and looked up for each pixel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from hilum.errors import DecodeError, RefusedImageError
from hilum.imaging.dicom.frame import StoredFrame
from hilum.imaging.dicom.lookup_table import Values, read_table
from hilum.imaging.dicom.modality import Modality, read_modality
from hilum.imaging.dicom.pixel_format import PixelFormat, Words
from hilum.imaging.dicom.stored_depth import needed_depth
from hilum.imaging.dicom.values import numbers, text
from hilum.imaging.dicom.voi import Voi, choose_voi, full_voi
from hilum.imaging.pixels.grey import luminance, to_unit
from hilum.radiograph import Pixels, TrailStep

Grey = npt.NDArray[np.float32]

_FLAT_SHARE = 0.99
"""A picture of which this share is black, or white, shows nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class GreyFrame:
    """Float32 (H, W) in [0, 1], bright is dense, with the steps that were taken and what the reader should know."""

    pixels: Pixels
    trail: tuple[TrailStep, ...]
    warnings: tuple[str, ...]


def to_grey(elements: Dataset, form: PixelFormat, stored: StoredFrame) -> GreyFrame:
    """The frame as grey; `RefusedImageError` for what is not meant to be looked at or cannot be without a guess."""
    if (text(elements, "PresentationIntentType") or "").upper() == "FOR PROCESSING":
        raise RefusedImageError(
            "the image is FOR PROCESSING: raw detector values that are not meant for viewing. Give the FOR "
            "PRESENTATION image"
        )
    if form.photometric in ("MONOCHROME1", "MONOCHROME2") and form.samples == 1:
        return _monochrome(elements, form, stored)
    if form.photometric == "PALETTE COLOR" and form.samples == 1:
        return _palette(elements, form, stored)
    if form.samples == 3 and (form.photometric == "RGB" or form.photometric.startswith("YBR_")):
        return _colour(form, stored)
    raise RefusedImageError(
        f"Photometric Interpretation {form.photometric!r} with {form.samples} samples a pixel says nothing about grey"
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Chain:
    """What happens to a stored word: `padding` is the lowest and the highest value that stands for no image."""

    form: PixelFormat
    are_values: bool
    modality: Modality
    voi: Voi
    is_inverted: bool
    padding: tuple[int, int] | None

    def grey(self, words: Words) -> Grey:
        """Words of any shape to [0, 1]."""
        values = _stored_values(words, self.form, are_values=self.are_values)
        grey = np.clip(self.voi.apply(self.modality.apply(values)), 0.0, 1.0)
        if self.is_inverted:
            grey = 1.0 - grey
        if self.padding is not None:
            grey[_is_padding(words, values, self.form, self.padding)] = 0.0
        return grey.astype(np.float32)


def _monochrome(elements: Dataset, form: PixelFormat, stored: StoredFrame) -> GreyFrame:
    depth = needed_depth(elements, form, stored)
    modality = read_modality(elements, depth.form, frame=stored.frame)
    voi = choose_voi(elements, frame=stored.frame, full_range=modality.full_range)
    inverted, why, polarity_warnings = _polarity(elements, form)
    padding, padding_warnings = _padding(elements, form)
    chain = _Chain(depth.form, stored.are_values, modality, voi, inverted, padding)
    pixels, voi = _not_flat(_for_each_word(stored.words, chain.grey), chain, stored)
    trail = [TrailStep("modality", modality.detail), TrailStep("window", voi.detail)]
    if why:
        trail.append(TrailStep("invert", why))
    if padding is not None:
        span = f"{padding[0]}" if padding[0] == padding[1] else f"{padding[0]} to {padding[1]}"
        trail.append(TrailStep("padding", f"pixels of the padding value {span} set to 0"))
    warnings = (*depth.warnings, *modality.warnings, *voi.warnings, *polarity_warnings, *padding_warnings)
    return GreyFrame(pixels, tuple(trail), warnings)


def _not_flat(pixels: Pixels, chain: _Chain, stored: StoredFrame) -> tuple[Pixels, Voi]:
    """The pixels and what mapped them; a window or VOI LUT that leaves one grey of a picture is not used.

    So is one that leaves it of nearly all pixels, since no pixel but a mark comes near it.
    """
    if not _is_flat(pixels):
        return pixels, chain.voi
    warning = f"the {chain.voi.detail} is not used: it maps nearly every pixel to one grey"
    whole = full_voi(chain.modality.full_range, warnings=(*chain.voi.warnings, warning))
    other = _for_each_word(stored.words, replace(chain, voi=whole).grey)
    return (pixels, chain.voi) if _is_flat(other) else (other, whole)


def _for_each_word(words: Words, chain: Callable[[Words], Grey]) -> Pixels:
    """Apply `chain` to every pixel, through a table of all possible words where these have at most 16 bits."""
    if words.dtype.itemsize > 2:
        return chain(words)
    table = chain(np.arange(2 ** (8 * words.dtype.itemsize), dtype=words.dtype.newbyteorder("=")))
    return np.asarray(table[words])


def _stored_values(words: Words, form: PixelFormat, *, are_values: bool) -> Values:
    """What the words mean: Bits Stored below High Bit, two's complement where signed.

    A codec's own values (`are_values`) are cut to the range instead, since lossy ones overshoot and masking would wrap.
    """
    low, high = form.stored_range
    if are_values:
        signed = words.view(np.dtype(f"i{words.dtype.itemsize}")) if form.signed else words
        return np.clip(signed.astype(np.float64), low, high)
    bits = (words.astype(np.int64) >> (form.high_bit + 1 - form.bits_stored)) & (2**form.bits_stored - 1)
    if form.signed:
        bits = np.where(bits > high, bits - 2**form.bits_stored, bits)
    return np.asarray(bits, np.float64)


def _polarity(elements: Dataset, form: PixelFormat) -> tuple[bool, str, tuple[str, ...]]:
    """Whether to invert, why, and a warning where the tags contradict each other; two reasons still invert once."""
    shape = (text(elements, "PresentationLUTShape") or "").upper()
    first = form.photometric == "MONOCHROME1"
    if not first and shape != "INVERSE":
        return False, "", ()
    reasons = (["MONOCHROME1"] if first else []) + (["Presentation LUT Shape INVERSE"] if shape == "INVERSE" else [])
    contradiction = shape == "INVERSE" if not first else shape == "IDENTITY"
    warnings = (
        (f"Presentation LUT Shape {shape} stands beside {form.photometric}, which contradicts it: inverted once",)
        if contradiction
        else ()
    )
    return True, f"{' and '.join(reasons)}: inverted once", warnings


def _padding(elements: Dataset, form: PixelFormat) -> tuple[tuple[int, int] | None, tuple[str, ...]]:
    try:
        value = numbers(elements, "PixelPaddingValue", signed=form.signed)
        limit = numbers(elements, "PixelPaddingRangeLimit", signed=form.signed) or value
    except DecodeError as error:
        return None, (f"the padding is not used: {error}",)
    if not value:
        return None, ()
    return (int(min(value[0], limit[0])), int(max(value[0], limit[0]))), ()


def _is_flat(pixels: Pixels) -> bool:
    """Whether nearly all pixels are black, or white, or all are one grey; a few are asked before all are."""
    sparse = pixels[:: max(1, pixels.shape[0] // 64), :: max(1, pixels.shape[1] // 64)]
    return _are_flat(sparse, share=_FLAT_SHARE - 0.03) and _are_flat(pixels, share=_FLAT_SHARE)


def _are_flat(pixels: Pixels, *, share: float) -> bool:
    ends = max(np.count_nonzero(pixels <= 0), np.count_nonzero(pixels >= 1))
    return bool(ends >= share * pixels.size or (pixels == pixels.flat[0]).all())


def _is_padding(words: Words, values: Values, form: PixelFormat, padding: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Where pixels are padding; a value that Bits Stored cannot hold is looked for in the whole allocated word."""
    low, high = form.stored_range
    if low <= padding[0] and padding[1] <= high:
        return (values >= padding[0]) & (values <= padding[1])
    return np.asarray(words.astype(np.int64) == padding[0] & (2**form.bits_allocated - 1))


def _palette(elements: Dataset, form: PixelFormat, stored: StoredFrame) -> GreyFrame:
    weights = {"Red": 0.299, "Green": 0.587, "Blue": 0.114}
    tables = {
        colour: read_table(
            elements,
            descriptor=f"{colour}PaletteColorLookupTableDescriptor",
            data=f"{colour}PaletteColorLookupTableData",
            signed=form.signed,
        )
        for colour in weights
    }

    def chain(words: Words) -> Grey:
        values = _stored_values(words, form, are_values=stored.are_values)
        grey = sum((weights[one] * table.apply(values) / table.top for one, table in tables.items()), np.float64(0))
        return np.clip(grey, 0.0, 1.0).astype(np.float32)

    step = TrailStep("luminance", "palette looked up, then 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601)")
    warnings = tuple(warning for table in tables.values() for warning in table.warnings)
    return GreyFrame(_for_each_word(stored.words, chain), (step,), warnings)


def _colour(form: PixelFormat, stored: StoredFrame) -> GreyFrame:
    words: npt.NDArray[Any] = stored.words
    if form.bits_stored > 16 or form.signed:
        raise RefusedImageError("colour pixels that are signed or of more than 16 bits are not supported")
    if stored.is_luma:
        detail = "luma of the colour stream"
    elif form.photometric.startswith("YBR_FULL"):
        words, detail = words[..., 0], "luma channel of YBR"
    else:
        words, detail = luminance(words), "0.299 R + 0.587 G + 0.114 B (ITU-R BT.601)"
    grey = to_unit(np.minimum(words, 2**form.bits_stored - 1), bits=form.bits_stored)
    range_step = TrailStep("range", f"declared {form.bits_stored}-bit range, divided by {2**form.bits_stored - 1}")
    return GreyFrame(grey, (TrailStep("luminance", detail), range_step), ())

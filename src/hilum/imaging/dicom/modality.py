"""From stored values to those after the modality LUT or rescale (PS3.3 C.11.1).

A faulty table, slope or intercept is not used, with a warning: the pixels themselves are sound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydicom.dataset import Dataset

from hilum.errors import DecodeError
from hilum.imaging.dicom.lookup_table import Values, read_table
from hilum.imaging.dicom.pixel_format import PixelFormat
from hilum.imaging.dicom.values import framed, items, numbers, text

_FLUOROSCOPY = frozenset({"XA", "RF", "XRF"})
_FLUOROSCOPY_CLASSES = "1.2.840.10008.5.1.4.1.1.12."
"""Of angiography and fluoroscopy the modality LUT leads back to X-ray intensity; windows and VOI LUTs are for the
stored values (PS3.3 C.8.7.1.1.2). A rescale is applied as anywhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Modality:
    """Stored values to values after the modality LUT, and the range that these can have."""

    apply: Callable[[Values], Values]
    full_range: tuple[float, float]
    detail: str
    warnings: tuple[str, ...] = ()


def read_modality(elements: Dataset, form: PixelFormat, *, frame: int) -> Modality:
    """The modality LUT, else the rescale, else nothing, whichever is there and sound."""
    tables = items(elements, "ModalityLUTSequence")
    if not tables:
        return _rescale(elements, form, frame=frame)
    modality = (text(elements, "Modality") or "").upper()
    if modality in _FLUOROSCOPY or (text(elements, "SOPClassUID") or "").startswith(_FLUOROSCOPY_CLASSES):
        plain = _rescale(elements, form, frame=frame)
        detail = f"{plain.detail}; the modality LUT is not for display in angiography and fluoroscopy"
        return Modality(plain.apply, plain.full_range, detail, plain.warnings)
    try:
        table = read_table(tables[0], descriptor="LUTDescriptor", data="LUTData", signed=form.signed)
    except DecodeError as error:
        plain = _rescale(elements, form, frame=frame)
        warning = f"the modality LUT is not used: {error}"
        return Modality(plain.apply, plain.full_range, plain.detail, (warning, *plain.warnings))
    detail = f"modality LUT, {len(table.entries)} entries of {table.bits} bits"
    return Modality(table.apply, (0.0, table.top), detail, table.warnings)


def _rescale(elements: Dataset, form: PixelFormat, *, frame: int) -> Modality:
    slope, intercept, warnings = _slope_and_intercept(elements, frame=frame)
    ends = [value * slope + intercept for value in form.stored_range]
    plain = (slope, intercept) == (1.0, 0.0)
    detail = f"none, {form.bits_stored} bits stored" if plain else f"rescale, slope {slope:g}, intercept {intercept:g}"
    if slope < 0:
        detail += " (negative: bright and dark change places here)"
    return Modality(lambda values: values * slope + intercept, (min(ends), max(ends)), detail, warnings)


def _slope_and_intercept(elements: Dataset, *, frame: int) -> tuple[float, float, tuple[str, ...]]:
    holder = framed(elements, "PixelValueTransformationSequence", keyword="RescaleSlope", frame=frame)
    try:
        slope = (numbers(holder, "RescaleSlope") or (1.0,))[0]
        intercept = (numbers(holder, "RescaleIntercept") or (0.0,))[0]
    except DecodeError as error:
        return 1.0, 0.0, (f"the rescale is not used: {error}",)
    if slope == 0:
        return 1.0, 0.0, ("the rescale is not used: a slope of 0 would map every pixel to one value",)
    return slope, intercept, ()

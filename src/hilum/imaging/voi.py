"""Values of interest: window functions and the choice among window, VOI LUT and full range (PS3.3 C.11.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from hilum.errors import DecodeError, RefusedImageError
from hilum.imaging.dicom_values import framed, items, numbers, text
from hilum.imaging.lookup_table import LookupTable, Values, read_table

_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


@dataclass(frozen=True, slots=True)
class Window:
    """A window in units after the modality LUT. `width` is at least 1 for LINEAR and above 0 for the others."""

    centre: float
    width: float
    function: str

    def apply(self, values: Values) -> Values:
        """Values to [0, 1] (PS3.3 C.11.2.1.2 and C.11.2.1.3)."""
        if self.function == "SIGMOID":
            return 1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - self.centre) / self.width, -700.0, 700.0)))
        if self.function == "LINEAR_EXACT":
            return np.clip((values - self.centre) / self.width + 0.5, 0.0, 1.0)
        if self.width == 1.0:
            return (values > self.centre - 0.5).astype(np.float64)
        return np.clip((values - (self.centre - 0.5)) / (self.width - 1.0) + 0.5, 0.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Voi:
    """What maps values after the modality LUT to [0, 1], how it was chosen, and what the reader should know."""

    mapping: Window | LookupTable | tuple[float, float]
    detail: str
    warnings: tuple[str, ...]

    def apply(self, values: Values) -> Values:
        """Values after the modality LUT to [0, 1]."""
        if isinstance(self.mapping, Window):
            return self.mapping.apply(values)
        if isinstance(self.mapping, LookupTable):
            return self.mapping.apply(values) / self.mapping.top
        low, high = self.mapping
        return (values - low) / (high - low) if high > low else np.zeros_like(values)


def choose_voi(dataset: Dataset, *, frame: int, full_range: tuple[float, float]) -> Voi:
    """The first window, else the VOI LUT, else `full_range` (the stored range after the modality LUT).

    A window whose width is impossible is passed over with a warning. Raises `RefusedImageError` for a window function
    that the standard does not define, `DecodeError` for a malformed VOI LUT.
    """
    window, detail, warnings = _first_window(dataset, frame=frame)
    if window is not None:
        return Voi(window, detail, warnings)
    tables = items(dataset, "VOILUTSequence")
    if tables:
        table = read_table(tables[0], descriptor="LUTDescriptor", data="LUTData", signed=full_range[0] < 0)
        which = "VOI LUT" if len(tables) == 1 else f"first of {len(tables)} VOI LUTs"
        return Voi(table, f"{which}, {len(table.entries)} entries of {table.bits} bits, no window", warnings)
    low, high = full_range
    return Voi(full_range, f"full range {low:g} to {high:g}, no window and no VOI LUT", warnings)


def _first_window(dataset: Dataset, *, frame: int) -> tuple[Window | None, str, tuple[str, ...]]:
    holder = framed(dataset, "FrameVOILUTSequence", keyword="WindowCenter", frame=frame)
    try:
        centres, widths = numbers(holder, "WindowCenter"), numbers(holder, "WindowWidth")
    except DecodeError as error:
        return None, "", (f"the window is not used: {error}",)
    if not centres or not widths:
        return None, "", ()
    function = (text(holder, "VOILUTFunction") or "LINEAR").upper()
    if function not in _FUNCTIONS:
        raise RefusedImageError(
            f"VOI LUT Function {function!r} is not defined; expected one of {', '.join(_FUNCTIONS)}"
        )
    window = Window(centres[0], widths[0], function)
    if window.width < 1 if function == "LINEAR" else window.width <= 0:
        return None, "", (f"the window is not used: a width of {window.width:g} is impossible for {function}",)
    which = "window" if len(centres) == 1 else f"first of {len(centres)} windows"
    return window, f"{which}, centre {window.centre:g}, width {window.width:g}, {function}", ()

"""Values of interest: window functions and the choice among window, VOI LUT and full range (PS3.3 C.11.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from hilum.errors import DecodeError
from hilum.imaging.dicom.lookup_table import LookupTable, Values, read_table
from hilum.imaging.dicom.values import framed, items, numbers, text

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
    """The first window that is sound, else the first such VOI LUT, else `full_range` (after the modality LUT).

    What is faulty is passed over with a warning.
    """
    window, detail, warnings = _first_window(dataset, frame=frame)
    if window is not None:
        return Voi(window, detail, warnings)
    table, detail, table_warnings = _first_table(dataset, signed=full_range[0] < 0)
    warnings = (*warnings, *table_warnings)
    return full_voi(full_range, warnings=warnings) if table is None else Voi(table, detail, warnings)


def full_voi(full_range: tuple[float, float], *, warnings: tuple[str, ...] = ()) -> Voi:
    """The whole range of values after the modality LUT."""
    low, high = full_range
    why = "no window or VOI LUT that can be used" if warnings else "no window and no VOI LUT"
    return Voi(full_range, f"full range {low:g} to {high:g}, {why}", warnings)


def _first_window(dataset: Dataset, *, frame: int) -> tuple[Window | None, str, tuple[str, ...]]:
    holder = framed(dataset, "FrameVOILUTSequence", keyword="WindowCenter", frame=frame)
    try:
        pairs = list(zip(numbers(holder, "WindowCenter"), numbers(holder, "WindowWidth"), strict=False))
    except DecodeError as error:
        return None, "", (f"the window is not used: {error}",)
    if not pairs:
        return None, "", ()
    function = (text(holder, "VOILUTFunction") or "LINEAR").upper()
    warnings: tuple[str, ...] = ()
    if function not in _FUNCTIONS:
        warnings = (f"VOI LUT Function {function!r} is not defined: the window is applied as LINEAR",)
        function = "LINEAR"
    for number, (centre, width) in enumerate(pairs, start=1):
        if width >= 1 or (function != "LINEAR" and width > 0):
            which = "window" if len(pairs) == 1 else f"{_ordinal(number)} of {len(pairs)} windows"
            detail = f"{which}, centre {centre:g}, width {width:g}, {function}"
            return Window(centre, width, function), detail, warnings
        warnings = (*warnings, f"the window is not used: a width of {width:g} is impossible for {function}")
    return None, "", warnings


def _first_table(dataset: Dataset, *, signed: bool) -> tuple[LookupTable | None, str, tuple[str, ...]]:
    tables = items(dataset, "VOILUTSequence")
    warnings: tuple[str, ...] = ()
    for number, item in enumerate(tables, start=1):
        try:
            table = read_table(item, descriptor="LUTDescriptor", data="LUTData", signed=signed)
        except DecodeError as error:
            warnings = (*warnings, f"the VOI LUT is not used: {error}")
            continue
        which = "VOI LUT" if len(tables) == 1 else f"{_ordinal(number)} of {len(tables)} VOI LUTs"
        detail = f"{which}, {len(table.entries)} entries of {table.bits} bits, no window"
        return table, detail, (*warnings, *table.warnings)
    return None, "", warnings


def _ordinal(number: int) -> str:
    return "first" if number == 1 else f"number {number}"

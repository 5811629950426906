"""A loft: elliptical sections of changing width and depth, stacked along a line in the detector plane.

Trunk, lungs, mediastinum, long bones and teeth are lofts. A loft is crossed by each ray once, so it counts as convex
here although its outline need not be.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hilum.phantom.grid import Bounds, Image
from hilum.phantom.solids import Interval, Point, turned

Station = tuple[float, float, float, float]
"""`(s, low, high, half_depth)` in mm: where along the axis, the two edges of the section, half its depth."""

_STEPS = 24
"""Points a smooth profile gets between two stations."""


@dataclass(frozen=True)
class Loft:
    """Superellipse sections |w / half_width|^n + |z / half_depth|^n = 1 between the stations.

    The axis runs along +y from `centre` when `angle_deg` is 0, and turns from +y towards -x as the angle grows; `low`
    and `high` are measured along the turned x. Between stations every profile runs along a monotone cubic
    (Fritsch and Carlson 1980), which never overshoots.
    """

    stations: tuple[Station, ...]
    centre: Point = (0.0, 0.0, 0.0)
    angle_deg: float = 0.0
    exponent: float = 2.0

    @property
    def bounds_mm(self) -> Bounds:
        """A rectangle that holds the shadow."""
        table = self._profile
        corners = np.array([(w, s) for s in (table[0, 0], table[0, -1]) for w in (table[1].min(), table[2].max())])
        cos, sin = np.cos(np.deg2rad(self.angle_deg)), np.sin(np.deg2rad(self.angle_deg))
        x = self.centre[0] + corners[:, 0] * cos - corners[:, 1] * sin
        y = self.centre[1] + corners[:, 0] * sin + corners[:, 1] * cos
        return float(x.min()), float(x.max()), float(y.min()), float(y.max())

    def interval_mm(self, x: Image, y: Image) -> Interval:
        """z = centre -+ half_depth (1 - |w / half_width|^n)^(1/n), with the profiles read at each ray."""
        w, s = turned(x, y, self.centre, self.angle_deg)
        table = self._profile
        low, high, depth = (np.interp(s, table[0], row) for row in table[1:])
        half_width = np.maximum((high - low) / 2, 1e-9)
        ratio = np.abs(w - (low + high) / 2) / half_width
        inside = (ratio < 1) & (s >= table[0, 0]) & (s <= table[0, -1])
        if self.exponent == 2.0:
            height = np.sqrt(np.maximum(1.0 - ratio * ratio, 0.0))
        else:
            height = np.maximum(1.0 - ratio**self.exponent, 0.0) ** (1.0 / self.exponent)
        half = np.where(inside, depth * height, -np.inf)
        return self.centre[2] - half, self.centre[2] + half

    def shrunk(self, margin_mm: float, *, depth_mm: float | None = None) -> Loft:
        """The loft inside this one, `margin_mm` from its edges and `depth_mm` (default: the same) from front and back.

        The ends are shortened too; stations that leave nothing keep a hair's width.
        """
        deep = margin_mm if depth_mm is None else depth_mm
        table = self._profile
        first, last = table[0, 0] + margin_mm, table[0, -1] - margin_mm
        inner = [
            (float(s), min(low + margin_mm, mid - 1e-6), max(high - margin_mm, mid + 1e-6), max(depth - deep, 1e-6))
            for s, low, high, depth in table.T
            if first <= s <= last
            for mid in ((low + high) / 2,)
        ]
        return Loft(tuple(inner), self.centre, self.angle_deg, self.exponent)

    @cached_property
    def _profile(self) -> npt.NDArray[np.float64]:
        """float64 (4, n): s, low, high, half_depth, densely."""
        table = np.array(self.stations, np.float64).T
        if table.shape[1] > 2 * _STEPS:
            return table
        s = np.concatenate(
            [np.linspace(a, b, _STEPS, endpoint=False) for a, b in zip(table[0], table[0, 1:], strict=False)]
        )
        s = np.append(s, table[0, -1])
        return np.stack([s, *(monotone_cubic(s, table[0], row) for row in table[1:])])


def monotone_cubic(
    at: npt.NDArray[np.float64], knots: npt.NDArray[np.float64], values: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The monotone cubic through `(knots, values)` at `at` (Fritsch and Carlson 1980, harmonic-mean slopes)."""
    width = np.diff(knots)
    secant = np.diff(values) / width
    slope = np.zeros_like(values)
    left, right = secant[:-1], secant[1:]
    same = left * right > 0
    weight_left, weight_right = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (weight_left + weight_right) / (weight_left / left + weight_right / right)
    slope[1:-1] = np.where(same, mean, 0.0)
    slope[0], slope[-1] = secant[0], secant[-1]
    piece = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(width) - 1)
    h, t = width[piece], (at - knots[piece]) / width[piece]
    return (
        values[piece] * (1 + 2 * t) * (1 - t) ** 2
        + h * slope[piece] * t * (1 - t) ** 2
        + values[piece + 1] * t * t * (3 - 2 * t)
        + h * slope[piece + 1] * t * t * (t - 1)
    )

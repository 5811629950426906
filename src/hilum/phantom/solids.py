"""Convex solids and the exact length of a ray inside them.

A convex solid is crossed by a ray along z in one interval, so two functions are enough: the interval, and the sum of
signed intervals. Hollow solids and chains follow by inclusion and exclusion (`compound.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hilum.phantom.grid import Bounds, Grid, Image

Interval = tuple[Image, Image]
"""Where rays enter and leave, mm along z, broadcast (H, W); a ray that misses has enter > leave."""

Point = tuple[float, float, float]
"""x, y, z in mm."""


class Convex(Protocol):
    """A convex solid: its shadow's bounds, and the interval in which each ray crosses it."""

    @property
    def bounds_mm(self) -> Bounds:
        """The shadow's bounding rectangle."""
        ...

    def interval_mm(self, x: Image, y: Image) -> Interval:
        """Where the rays through `(x, y)` (mm, broadcastable) enter and leave."""
        ...


def chord_mm(solid: Convex, x: Image, y: Image) -> Image:
    """The length in mm of the rays through `(x, y)` inside the solid; 0 where they miss."""
    enter, leave = solid.interval_mm(x, y)
    return np.maximum(leave - enter, 0.0)


def add_path(image: Image, solid: Convex, *, grid: Grid, weight: float = 1.0) -> None:
    """Add `weight` times the solid's path length (mm) to `image` (H, W), touching only the solid's shadow."""
    rows, columns = grid.window(solid.bounds_mm)
    if rows.start < rows.stop and columns.start < columns.stop:
        image[rows, columns] += weight * chord_mm(solid, grid.x_mm[:, columns], grid.y_mm[rows])


def turned(x: Image, y: Image, centre: Point, angle_deg: float) -> tuple[Image, Image]:
    """Coordinates along the axes of a solid that is turned by `angle_deg` from x towards y."""
    dx, dy = x - centre[0], y - centre[1]
    if angle_deg == 0:
        return dx, dy
    cos, sin = np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))
    return dx * cos + dy * sin, dy * cos - dx * sin


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """An ellipsoid with semi-axes `radii` (mm), turned by `angle_deg` in the detector plane (from x towards y)."""

    centre: Point
    radii: Point
    angle_deg: float = 0.0

    @property
    def bounds_mm(self) -> Bounds:
        """The shadow's bounding rectangle."""
        cos, sin = np.cos(np.deg2rad(self.angle_deg)), np.sin(np.deg2rad(self.angle_deg))
        half_x = float(np.hypot(self.radii[0] * cos, self.radii[1] * sin))
        half_y = float(np.hypot(self.radii[0] * sin, self.radii[1] * cos))
        x, y, _ = self.centre
        return x - half_x, x + half_x, y - half_y, y + half_y

    def interval_mm(self, x: Image, y: Image) -> Interval:
        """z = centre -+ r_z sqrt(1 - (u / r_x)^2 - (v / r_y)^2)."""
        u, v = turned(x, y, self.centre, self.angle_deg)
        square = 1.0 - (u / self.radii[0]) ** 2 - (v / self.radii[1]) ** 2
        half = np.where(square > 0, self.radii[2] * np.sqrt(np.maximum(square, 0.0)), -np.inf)
        return self.centre[2] - half, self.centre[2] + half


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangular box with edge lengths `size` (mm), turned by `angle_deg` in the detector plane."""

    centre: Point
    size: Point
    angle_deg: float = 0.0

    @property
    def bounds_mm(self) -> Bounds:
        """The shadow's bounding rectangle."""
        cos, sin = abs(np.cos(np.deg2rad(self.angle_deg))), abs(np.sin(np.deg2rad(self.angle_deg)))
        half_x = float(self.size[0] * cos + self.size[1] * sin) / 2
        half_y = float(self.size[0] * sin + self.size[1] * cos) / 2
        x, y, _ = self.centre
        return x - half_x, x + half_x, y - half_y, y + half_y

    def interval_mm(self, x: Image, y: Image) -> Interval:
        """The whole depth inside the rectangle, nothing outside."""
        u, v = turned(x, y, self.centre, self.angle_deg)
        inside = (np.abs(u) <= self.size[0] / 2) & (np.abs(v) <= self.size[1] / 2)
        half = np.where(inside, self.size[2] / 2, -np.inf)
        return self.centre[2] - half, self.centre[2] + half


@dataclass(frozen=True, slots=True)
class Overlap:
    """The part that two convex solids share, itself convex."""

    first: Convex
    second: Convex

    @property
    def bounds_mm(self) -> Bounds:
        """The common part of the two shadows' rectangles."""
        a, b = self.first.bounds_mm, self.second.bounds_mm
        return max(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), min(a[3], b[3])

    def interval_mm(self, x: Image, y: Image) -> Interval:
        """The later entry and the earlier exit."""
        a, b = self.first.interval_mm(x, y), self.second.interval_mm(x, y)
        return np.maximum(a[0], b[0]), np.minimum(a[1], b[1])

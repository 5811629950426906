"""Rods: the cylinder with flat ends and the capsule with round ones, in any direction.

Rays run along z. With p the way along the axis and q the squared distance from the start at z = 0, the ray meets the
infinite cylinder where (1 - u_z^2) t^2 - 2 p u_z t + q - p^2 - r^2 = 0 (t measured from the start's z).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hilum.phantom.grid import Bounds, Image
from hilum.phantom.solids import Interval, Point

_ALONG_RAY = 1e-12
"""Below this value of 1 - u_z^2 (or of |u_z|) an axis counts as parallel (or square) to the ray."""


def _rod_interval(
    x: Image, y: Image, *, start: Point, axis: Point, length: float, radius: float
) -> tuple[Interval, Image]:
    """The flat-ended rod's interval (relative to the start's z) and the squared distance of rays from the start."""
    dx, dy = x - start[0], y - start[1]
    along = dx * axis[0] + dy * axis[1]
    square = dx * dx + dy * dy
    enter, leave = _side(along, square, axis[2], radius)
    if abs(axis[2]) < _ALONG_RAY:
        outside = (along < 0) | (along > length)
        enter, leave = np.where(outside, np.inf, enter), np.where(outside, -np.inf, leave)
    else:
        ends = -along / axis[2], (length - along) / axis[2]
        enter, leave = np.maximum(enter, np.minimum(*ends)), np.minimum(leave, np.maximum(*ends))
        outside = enter > leave
        enter, leave = np.where(outside, np.inf, enter), np.where(outside, -np.inf, leave)
    return (enter, leave), square


def _side(along: Image, square: Image, axis_z: float, radius: float) -> Interval:
    a = 1.0 - axis_z * axis_z
    if a < _ALONG_RAY:
        inside = square <= radius * radius
        return np.where(inside, -np.inf, np.inf), np.where(inside, np.inf, -np.inf)
    half_b = along * axis_z
    root = half_b * half_b - a * (square - along * along - radius * radius)
    half = np.where(root > 0, np.sqrt(np.maximum(root, 0.0)) / a, -np.inf)
    return half_b / a - half, half_b / a + half


def _axis(start: Point, end: Point) -> tuple[Point, float]:
    dx, dy, dz = end[0] - start[0], end[1] - start[1], end[2] - start[2]
    length = math.sqrt(dx * dx + dy * dy + dz * dz)
    if length == 0:
        raise ValueError(f"A rod needs two different ends; both are {start}")
    return (dx / length, dy / length, dz / length), length


@dataclass(frozen=True, slots=True)
class Cylinder:
    """A cylinder of `radius` mm between the centres of its two flat ends."""

    start: Point
    end: Point
    radius: float

    @property
    def bounds_mm(self) -> Bounds:
        """A rectangle that holds the shadow."""
        return _rod_bounds(self.start, self.end, self.radius, self.radius)

    def interval_mm(self, x: Image, y: Image) -> Interval:
        """The curved side, cut by the two ends."""
        axis, length = _axis(self.start, self.end)
        (enter, leave), _ = _rod_interval(x, y, start=self.start, axis=axis, length=length, radius=self.radius)
        return enter + self.start[2], leave + self.start[2]


@dataclass(frozen=True, slots=True)
class Capsule:
    """All points within `radius` mm of the line from `start` to `end`; `stretch_y` > 1 makes it taller than thick.

    The stretch is taken about y = 0 of the detector, together with the axis, so that the axis stays where it is.
    """

    start: Point
    end: Point
    radius: float
    stretch_y: float = 1.0

    @property
    def bounds_mm(self) -> Bounds:
        """The shadow's bounding rectangle."""
        return _rod_bounds(self.start, self.end, self.radius, self.radius * self.stretch_y)

    def interval_mm(self, x: Image, y: Image) -> Interval:
        """The hull of the cylinder's interval and those of the two end spheres (the capsule is convex)."""
        start = (self.start[0], self.start[1] / self.stretch_y, self.start[2])
        end = (self.end[0], self.end[1] / self.stretch_y, self.end[2])
        axis, length = _axis(start, end)
        y = y / self.stretch_y
        (enter, leave), from_start = _rod_interval(x, y, start=start, axis=axis, length=length, radius=self.radius)
        enter, leave = enter + start[2], leave + start[2]
        from_end = (x - end[0]) ** 2 + (y - end[1]) ** 2
        for z, distance in ((start[2], from_start), (end[2], from_end)):
            root = self.radius * self.radius - distance
            half = np.where(root > 0, np.sqrt(np.maximum(root, 0.0)), -np.inf)
            enter, leave = np.minimum(enter, z - half), np.maximum(leave, z + half)
        return enter, leave


def _rod_bounds(start: Point, end: Point, reach_x: float, reach_y: float) -> Bounds:
    return (
        min(start[0], end[0]) - reach_x,
        max(start[0], end[0]) + reach_x,
        min(start[1], end[1]) - reach_y,
        max(start[1], end[1]) + reach_y,
    )

"""The invertible map between a model's input and the native pixels of the radiograph.

Coordinates are continuous and edge-based: pixel column `i` covers `[i, i + 1)`, so an image of width `w` spans
`[0, w]`, and a resize is a pure scale. `x` runs along columns, `y` along rows, the origin is the top left corner.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned box in pixels: `x, y` is the top left corner, `width, height` its extent (edge-based)."""

    x: float
    y: float
    width: float
    height: float

    def as_list(self) -> list[float]:
        """`[x, y, width, height]`, the order of the reading's JSON and of ChestX-ray14's box list."""
        return [self.x, self.y, self.width, self.height]

    def clipped(self, *, width: float, height: float) -> Box:
        """This box cut to an image of the given size."""
        x0, y0 = min(max(self.x, 0.0), width), min(max(self.y, 0.0), height)
        x1, y1 = min(max(self.x + self.width, 0.0), width), min(max(self.y + self.height, 0.0), height)
        return Box(x0, y0, x1 - x0, y1 - y0)


@dataclass(frozen=True, slots=True)
class Geometry:
    """An axis-aligned affine from model input to native pixels: `x_native = scale_x * x + offset_x`, likewise y.

    `scale_x` and `scale_y` are native pixels per input pixel and are not zero.
    """

    scale_x: float
    scale_y: float
    offset_x: float
    offset_y: float

    def __post_init__(self) -> None:
        if self.scale_x == 0 or self.scale_y == 0:
            raise ValueError("a geometry with a zero scale cannot be inverted")

    @staticmethod
    def identity() -> Geometry:
        """The map that changes nothing."""
        return Geometry(1.0, 1.0, 0.0, 0.0)

    def after(self, inner: Geometry) -> Geometry:
        """The composition that applies `inner` first and this one to its result."""
        return Geometry(
            self.scale_x * inner.scale_x,
            self.scale_y * inner.scale_y,
            self.scale_x * inner.offset_x + self.offset_x,
            self.scale_y * inner.offset_y + self.offset_y,
        )

    def inverse(self) -> Geometry:
        """The map from native pixels to model input."""
        return Geometry(
            1 / self.scale_x, 1 / self.scale_y, -self.offset_x / self.scale_x, -self.offset_y / self.scale_y
        )

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where the input point `(x, y)` lies in native pixels."""
        return self.scale_x * x + self.offset_x, self.scale_y * y + self.offset_y

    def box(self, box: Box) -> Box:
        """Where an input box lies in native pixels; scales are positive here, so it stays a box."""
        x, y = self.point(box.x, box.y)
        return Box(x, y, box.width * self.scale_x, box.height * self.scale_y)

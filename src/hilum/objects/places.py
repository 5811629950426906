"""From the upright picture that hilum reads to the pixels as the image stores them, which objects speak of."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from hilum.explain.contours import Outline
from hilum.geometry import Box
from hilum.imaging.pixels.orientation import stored_box, stored_point, swaps_sides
from hilum.radiograph import Source

Points = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_LARGEST_OF_RATIO = 1000
"""Of the width in an aspect ratio: a picture is resampled to whole pixels, and tells it no more exactly."""

_OPPOSITE = str.maketrans("LRAPHF", "RLPAFH")


def stored_corners(box: Box, *, source: Source) -> Points:
    """The corners of a box as a closed line float64 (5, 2) of column and row in stored pixels, within the image.

    Edge-based, as PS3.3 C.18.6.1.2 counts: the top left corner of the first pixel is (0, 0).
    """
    rows, columns = stored_size(source)
    found = stored_box(box, source=source).clipped(width=columns, height=rows)
    left, top, right, bottom = found.x, found.y, found.x + found.width, found.y + found.height
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])


def stored_outline(outline: Outline, *, source: Source) -> Points:
    """A closed outline of the upright picture as a closed line float64 (n, 2) in stored pixels, within the image."""
    rows, columns = stored_size(source)
    points = np.array([stored_point(float(x), float(y), source=source) for x, y in outline])
    return np.asarray(np.clip(np.concatenate([points, points[:1]]), 0.0, (columns, rows)), np.float64)


def stored_size(source: Source) -> tuple[int, int]:
    """Rows and columns as the file has them."""
    stored = source.stored
    return (source.rows, source.columns) if stored is None else (stored.rows, stored.columns)


def stored_aspect(source: Source) -> tuple[int, int]:
    """Height to width of a stored pixel in small whole numbers, as hilum took it for the upright picture."""
    rows, columns = stored_size(source)
    swapped = source.stored is not None and swaps_sides(source.stored.orientation)
    high, wide = (source.columns, source.rows) if swapped else (source.rows, source.columns)
    ratio = Fraction(high * columns, wide * rows).limit_denominator(_LARGEST_OF_RATIO)
    return ratio.numerator, ratio.denominator


def stored_mask(mask: Mask, *, source: Source) -> Mask:
    """A mask of the upright picture on the stored pixels: each is what lies at its centre."""
    if source.stored is None:
        return mask
    rows, columns = stored_size(source)
    y, x = np.indices((rows, columns)) + 0.5
    # the way back is affine: three points tell it
    (x0, y0), (x1, y1), (x2, y2) = (
        stored_point(*point, source=source) for point in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    )
    forth = np.array([[x1 - x0, x2 - x0], [y1 - y0, y2 - y0]])
    back = np.linalg.inv(forth)
    upright_x = back[0, 0] * (x - x0) + back[0, 1] * (y - y0)
    upright_y = back[1, 0] * (x - x0) + back[1, 1] * (y - y0)
    column = np.clip(np.floor(upright_x).astype(int), 0, source.columns - 1)
    row = np.clip(np.floor(upright_y).astype(int), 0, source.rows - 1)
    return np.asarray(mask[row, column])


def upright_orientation(stored: tuple[str, str], *, source: Source) -> tuple[str, str]:
    """Patient Orientation of the upright picture, from that of the stored pixels."""
    along_row, along_column = stored
    if source.stored is None:
        return along_row, along_column
    number = source.stored.orientation
    if swaps_sides(number):
        along_row, along_column = along_column, along_row
    if number in (2, 3, 6, 7):
        along_row = along_row.translate(_OPPOSITE)
    if number in (3, 4, 7, 8):
        along_column = along_column.translate(_OPPOSITE)
    return along_row, along_column

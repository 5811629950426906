"""What is burned into a phantom's pixels: the word PHANTOM, and an asymmetric corner mark that tells orientation."""

from __future__ import annotations

import numpy as np

from hilum.geometry import Box
from hilum.phantom.phantom import Mask
from hilum.radiograph import Pixels

_GLYPHS = {
    "A": (".###.", "#...#", "#...#", "#####", "#...#", "#...#", "#...#"),
    "H": ("#...#", "#...#", "#...#", "#####", "#...#", "#...#", "#...#"),
    "M": ("#...#", "##.##", "#.#.#", "#.#.#", "#...#", "#...#", "#...#"),
    "N": ("#...#", "##..#", "#.#.#", "#.#.#", "#..##", "#...#", "#...#"),
    "O": (".###.", "#...#", "#...#", "#...#", "#...#", "#...#", ".###."),
    "P": ("####.", "#...#", "#...#", "####.", "#....", "#....", "#...."),
    "R": ("####.", "#...#", "#...#", "####.", "#.#..", "#..#.", "#...#"),
    "T": ("#####", "..#..", "..#..", "..#..", "..#..", "..#..", "..#.."),
}


def glyphs(text: str, *, scale: int) -> Mask:
    """`text` in capitals of 5 x 7 cells, each `scale` pixels square, one cell apart; bool (7 scale, w)."""
    rows = [".".join(_GLYPHS[letter][row] for letter in text) for row in range(7)]
    cells = np.array([[cell == "#" for cell in row] for row in rows])
    return np.kron(cells, np.ones((scale, scale), bool)).astype(bool)


def corner_mark(*, rows: int, columns: int) -> tuple[Mask, Box]:
    """The letter R and its box: it stands in the top left corner, where the patient's right is.

    R is like none of its mirror images and rotations, so it tells every wrong orientation. The mask is bool
    (rows, columns), True where the mark is white; the rest of its box is black.
    """
    scale = max(1, round(min(rows, columns) / 160))
    margin = 3 * scale
    return _placed(glyphs("R", scale=scale), rows=rows, columns=columns, top=margin, left=margin)


def word_mark(*, rows: int, columns: int) -> tuple[Mask, Box]:
    """The word PHANTOM and its box, in the bottom right corner."""
    scale = max(1, round(min(rows, columns) / 340))
    letters = glyphs("PHANTOM", scale=scale)
    top, left = rows - 3 * scale - letters.shape[0], columns - 3 * scale - letters.shape[1]
    return _placed(letters, rows=rows, columns=columns, top=top, left=left)


def stamped(pixels: Pixels) -> Pixels:
    """A copy of the picture (H, W) with both marks burned in, white on black boxes one cell wider than the letters."""
    rows, columns = pixels.shape
    out = pixels.copy()
    for mask, box in (corner_mark(rows=rows, columns=columns), word_mark(rows=rows, columns=columns)):
        y, x = int(box.y), int(box.x)
        out[y : y + int(box.height), x : x + int(box.width)] = 0.0
        out[mask] = 1.0
    return out


def _placed(letters: Mask, *, rows: int, columns: int, top: int, left: int) -> tuple[Mask, Box]:
    height, width = letters.shape
    if min(top, left) < 1 or top + height >= rows or left + width >= columns:
        raise ValueError(f"A phantom needs at least 64 x 64 pixels for its label, not {rows} x {columns}")
    mask = np.zeros((rows, columns), bool)
    mask[top : top + height, left : left + width] = letters
    return mask, Box(left - 1, top - 1, width + 2, height + 2)

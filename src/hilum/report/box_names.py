"""The name of each box on a picture: above it, or in it, where no other name stands."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from hilum.geometry import Box
from hilum.report.letters import Font, font_of_size, length, letters
from hilum.report.wording import plain_text

_INK = (238, 240, 243)
_BACK = (0, 0, 0)
_SMALLEST, _LARGEST = 11, 32  # of the letters, in pixels
_ROWS = 48  # of letters stand above one another on a picture


def draw_box_names(radiograph: Image.Image, *, named: Sequence[tuple[str, Box]]) -> None:
    """Write each name at its box, in the picture's pixels, into the picture; a name that is too wide for it is cut.

    Names of boxes in one place stand above one another.
    """
    size = min(max(round(max(radiograph.size) / _ROWS), _SMALLEST), _LARGEST)
    font, draw = font_of_size(float(size)), ImageDraw.Draw(radiograph)
    pad, high = max(1, size // 6), round(size * 1.4)
    taken: list[tuple[int, int, int]] = []
    for name, box in named:
        text = _cut(plain_text(name), font=font, width=radiograph.width - 2 * pad)
        wide = round(length(text, font)) + 2 * pad
        left = max(0, min(round(box.x), radiograph.width - wide))
        top = _free_top(box, left=left, right=left + wide, high=high, below=radiograph.height, taken=taken)
        taken.append((left, top, left + wide))
        draw.rectangle((left, top, left + wide - 1, top + high - 1), fill=_BACK)
        draw.bitmap((left + pad, top + pad // 2), letters(text, font), fill=_INK)


def _cut(text: str, *, font: Font, width: float) -> str:
    while text and length(text, font) > width:
        text = text[:-1]
    return text


def _free_top(box: Box, *, left: int, right: int, high: int, below: int, taken: Sequence[tuple[int, int, int]]) -> int:
    """The first row from the box's upper edge upwards, then downwards, where a name meets none of those `taken`.

    Each of these is (left, top, right). Where there is none, the picture's upper edge.
    """
    edge: int = min(max(round(box.y), 0), below)
    tops: list[int] = [*range(edge - high, -1, -high), *range(edge + high // 4, below - high, high)]
    for top in tops:
        if all(right <= x0 or left >= x1 or top + high <= y or top >= y + high for x0, y, x1 in taken):
            return top
    return 0

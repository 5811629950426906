"""Text that is burned into a radiograph's pixels: where its lines lie, and the picture with them blacked out.

A line of text is a row of glyphs: marks that stand out from what lies around them, of one height, side by side. Two or
three letters (side markers, `AP`) are no line. Upright text is found and text that runs up or down; slanted and
handwritten text is not, nor text hardly brighter than what it lies on. How often it is found is measured by
`benchmarks/burned_in.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.explain.components import labelled_components
from hilum.geometry import Box
from hilum.radiograph import Pixels

LEAST_GLYPHS = 4
"""So many glyphs make a line; side markers and view positions have fewer."""

LONGEST = 1536
"""Longer pictures are looked at in this many pixels on the long side: text stays legible, and seconds are saved."""

GLYPH_PX = (6, 80)
"""The least and largest height of a glyph, in the pixels that are looked at."""

WIDEST, NARROWEST = 2.2, 0.06
"""A glyph's width over its height; the widest are letters that touch."""

FILLED = (0.15, 0.92)
"""The share of its box that a glyph fills; a stroke such as `I` may fill all of it."""

STROKE = 0.35
"""A glyph narrower than this share of its height is a stroke."""

NEAR_WHITE = ((0.06, 0.10), (0.20, 0.15), (1.0, 0.35))
"""Text is this near to the brightest pixel and so much brighter than its surroundings; what any pair finds, counts."""

CROWDED = 0.15
"""Where more of the picture than this stands out, it is no text."""

SURROUNDINGS_PX = 16
"""Surroundings are means over cells of so many pixels, interpolated."""

GAP, SHIFT, UNLIKE, ALIGNED = 1.0, 0.3, 1.5, 0.15
"""Neighbours in a line: the gap, the shift of centres and of an edge in heights, and the ratio of heights."""

MARGIN = 0.35
"""What is blacked out reaches this share of a line's height beyond it: letters in it that were not found go too."""

_Floats = npt.NDArray[np.float32]
_Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of burned-in text: its box in native pixels."""

    box: Box


def text_lines(pixels: Pixels) -> tuple[TextLine, ...]:
    """The lines of text in `pixels` float32 (H, W) in [0, 1], white on black and black on white, by place."""
    looked, scale = _at_most(pixels, longest=LONGEST)
    found = []
    for turned in (False, True):
        seen = np.rot90(looked) if turned else looked
        for polarity in (seen, 1 - seen):
            for mask in _standing_out(polarity):
                for glyphs in _rows(_glyphs(mask)):
                    box = _turned_back(glyphs, width=looked.shape[1]) if turned else _around(glyphs)
                    found.append(TextLine(_scaled(box, scale, shape=pixels.shape)))
    return tuple(_without_repeats(found))


def blacked_out(pixels: Pixels, lines: Iterable[TextLine]) -> Pixels:
    """A copy of `pixels` float32 (H, W) in which each line's box, with a margin, is 0."""
    out = pixels.copy()
    for line in lines:
        box = line.box
        margin = MARGIN * min(box.height, box.width)
        top, left = (max(0, round(start - margin)) for start in (box.y, box.x))
        out[top : round(box.y + box.height + margin) + 1, left : round(box.x + box.width + margin) + 1] = 0
    return out


def _at_most(pixels: Pixels, *, longest: int) -> tuple[_Floats, float]:
    height, width = pixels.shape
    scale = min(1.0, longest / max(height, width))
    if scale == 1:
        return pixels, 1.0
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX)), scale


def _standing_out(picture: _Floats) -> Iterator[npt.NDArray[np.bool_]]:
    """Masks of what is bright and brighter than its surroundings, by each rule that does not take the whole picture."""
    height, width = picture.shape
    cells = max(1, width // SURROUNDINGS_PX), max(1, height // SURROUNDINGS_PX)
    whole = Image.fromarray(np.ascontiguousarray(picture, np.float32))
    means = whole.resize(cells, Image.Resampling.BOX).resize((width, height), Image.Resampling.BILINEAR)
    above, brightest = picture - np.asarray(means), picture.max()
    for near, higher in NEAR_WHITE:
        mask = (picture >= brightest - near) & (above > higher)
        if mask.any() and mask.mean() <= CROWDED:
            yield mask


def _glyphs(mask: npt.NDArray[np.bool_]) -> _Ints:
    """The boxes (top, bottom, left, right), both ends included, int (n, 4), of the components that could be letters."""
    labels, count = labelled_components(mask)
    rows, columns = np.nonzero(labels)
    label = labels[rows, columns] - 1
    boxes = np.empty((count, 4), np.intp)
    boxes[:, ::2], boxes[:, 1::2] = np.iinfo(np.intp).max, -1
    for start, places in ((0, rows), (2, columns)):
        np.minimum.at(boxes[:, start], label, places)
        np.maximum.at(boxes[:, start + 1], label, places)
    height, width = boxes[:, 1] - boxes[:, 0] + 1, boxes[:, 3] - boxes[:, 2] + 1
    filled = np.bincount(label, minlength=count) / (height * width)
    shaped = (width <= WIDEST * height) & (width >= NARROWEST * height)
    sized = (height >= GLYPH_PX[0]) & (height <= GLYPH_PX[1])
    inked = (filled >= FILLED[0]) & ((filled <= FILLED[1]) | (width < STROKE * height))
    return boxes[shaped & sized & inked]


def _rows(glyphs: _Ints) -> Iterator[_Ints]:
    """The glyphs of each line, from left to right, of the lines that are long enough."""
    glyphs = glyphs[np.argsort(glyphs[:, 2], kind="stable")]
    taken = np.zeros(len(glyphs), np.bool_)
    for first in range(len(glyphs)):
        if taken[first]:
            continue
        row = [first]
        while (following := _next(glyphs, row[-1])) is not None:
            row.append(following)
        if len(row) >= LEAST_GLYPHS:
            taken[row] = True
            yield glyphs[row]


def _next(glyphs: _Ints, at: int) -> int | None:
    """The glyph that follows `at` in its line: the nearest to the right of like height, place and alignment."""
    height = glyphs[:, 1] - glyphs[:, 0] + 1
    own, tall = glyphs[at], int(height[at])
    gap = glyphs[:, 2] - own[3]
    centre = (glyphs[:, 0] + glyphs[:, 1]) / 2
    edge = np.minimum(abs(glyphs[:, 0] - own[0]), abs(glyphs[:, 1] - own[1]))
    fits = (gap >= -0.2 * tall) & (gap <= GAP * tall) & (abs(centre - centre[at]) <= SHIFT * tall)
    fits &= (height <= UNLIKE * tall) & (height * UNLIKE >= tall) & (edge <= ALIGNED * tall + 1)
    fits[: at + 1] = False
    following = np.flatnonzero(fits)
    return int(following[0]) if following.size else None


def _around(glyphs: _Ints) -> Box:
    top, left = int(glyphs[:, 0].min()), int(glyphs[:, 2].min())
    return Box(left, top, int(glyphs[:, 3].max()) + 1 - left, int(glyphs[:, 1].max()) + 1 - top)


def _turned_back(glyphs: _Ints, *, width: int) -> Box:
    """The box, in the picture, of glyphs that were found in the picture turned by 90 degrees counter-clockwise."""
    box = _around(glyphs)
    return Box(width - box.y - box.height, box.x, box.height, box.width)


def _scaled(box: Box, scale: float, *, shape: tuple[int, ...]) -> Box:
    left, top = box.x / scale, box.y / scale
    right, bottom = min((box.x + box.width) / scale, shape[1]), min((box.y + box.height) / scale, shape[0])
    return Box(left, top, right - left, bottom - top)


def _without_repeats(lines: list[TextLine]) -> Iterator[TextLine]:
    """Each line once, the longest of those that cover each other, from the top down."""
    kept: list[TextLine] = []
    for line in sorted(lines, key=lambda line: -line.box.width * line.box.height):
        if not any(_holds(other.box, line.box) for other in kept):
            kept.append(line)
    yield from sorted(kept, key=lambda line: (line.box.y, line.box.x))


def _holds(outer: Box, inner: Box) -> bool:
    """Whether the middle of `inner` lies in `outer`."""
    x, y = inner.x + inner.width / 2, inner.y + inner.height / 2
    return outer.x <= x <= outer.x + outer.width and outer.y <= y <= outer.y + outer.height

"""The letters of pictures: the built-in font, and its texts as masks."""

from __future__ import annotations

import threading
from math import ceil

from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FONTS_KEPT = 32
_LENGTHS_KEPT = 8_192
_LETTERS_KEPT = 256


class _Fonts(threading.local):
    """The built-in font in the sizes used so far, apart for each thread: opening it costs more than writing with it."""

    def __init__(self) -> None:
        self.of_size: dict[float, Font] = {}
        self.lengths: dict[tuple[Font, str], float] = {}
        self.letters: dict[tuple[Font, str], Image.Image] = {}


_FONTS = _Fonts()


def font_of_size(size: float) -> Font:
    """The built-in font with letters of so many pixels; it has those of ASCII."""
    sizes = _FONTS.of_size
    if size not in sizes:
        if len(sizes) >= _FONTS_KEPT:
            sizes.clear()
        sizes[size] = ImageFont.load_default(size)
    return sizes[size]


def length(text: str, font: Font) -> float:
    """How long a text is; most stand in every picture of a folder, and each is measured before it is written."""
    lengths = _FONTS.lengths
    if (font, text) not in lengths:
        if len(lengths) >= _LENGTHS_KEPT:
            lengths.clear()
        lengths[font, text] = font.getlength(text)
    return lengths[font, text]


def letters(text: str, font: Font) -> Image.Image:
    """A text as a mask; most are kept, for the same reason."""
    kept = _FONTS.letters
    if (font, text) not in kept:
        if len(kept) >= _LETTERS_KEPT:
            kept.clear()
        left, top, right, bottom = font.getbbox(text)
        del left, top  # the mask begins where the text is written, so that lines stand on one base
        mask = Image.new("L", (max(1, ceil(right)), max(1, ceil(bottom))))
        ImageDraw.Draw(mask).text((0, 0), text, fill=255, font=font)
        kept[font, text] = mask
    return kept[font, text]

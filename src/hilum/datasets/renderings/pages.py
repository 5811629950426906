"""Renderings of things with text: documents, tables, plots and screenshots, each from a seeded generator."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
_POINTS = (9, 11, 13, 16, 20, 26, 34)


@cache
def _font(size_px: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size_px)


def document(image: Image.Image, rng: np.random.Generator) -> None:
    """A page of text with a heading, paragraphs and sometimes a picture box."""
    draw, ink = ImageDraw.Draw(image), _ink(image, rng)
    width, height = image.size
    margin = int(width * rng.uniform(0.03, 0.15))
    size = int(rng.choice(_POINTS[:5]))
    columns = int(rng.integers(1, 4)) if width > 300 else 1
    column = (width - 2 * margin) // columns
    y = margin
    if rng.random() < 0.7:
        draw.text((margin, y), words(rng, int(rng.integers(2, 6))), fill=ink, font=_font(size * 2))
        y += size * 3
    for index in range(columns):
        _paragraphs(draw, rng, box=(margin + index * column, y, column - size, height - margin), size=size, ink=ink)
    if rng.random() < 0.3:
        x0, y0 = (int(rng.uniform(0.1, 0.5) * side) for side in image.size)
        draw.rectangle((x0, y0, x0 + width // 3, y0 + height // 4), fill=int(rng.integers(0, 256)), outline=ink)


def table(image: Image.Image, rng: np.random.Generator) -> None:
    """A grid of numbers and words, ruled or not."""
    draw, ink = ImageDraw.Draw(image), _ink(image, rng)
    rows, columns = int(rng.integers(4, 25)), int(rng.integers(2, 9))
    left, top = (int(rng.uniform(0.02, 0.12) * side) for side in image.size)
    cell_x, cell_y = (image.width - 2 * left) / columns, (image.height - 2 * top) / rows
    ruled, font = rng.random() < 0.7, _font(int(np.clip(cell_y * 0.6, 7, 30)))
    for row in range(rows):
        for column in range(columns):
            x, y = left + column * cell_x, top + row * cell_y
            if ruled:
                shade = int(rng.integers(180, 240)) if row == 0 else None
                draw.rectangle((x, y, x + cell_x, y + cell_y), outline=ink, fill=shade)
            text = words(rng, 1) if row == 0 or column == 0 else f"{rng.normal(scale=10.0):.{rng.integers(0, 4)}f}"
            draw.text((x + 3, y + 2), text[: max(1, int(cell_x / 6))], fill=ink, font=font)


def plot(image: Image.Image, rng: np.random.Generator) -> None:
    """Axes with lines, bars or points."""
    draw, ink = ImageDraw.Draw(image), _ink(image, rng)
    left, right = int(image.width * 0.12), int(image.width * 0.95)
    top, bottom = int(image.height * 0.08), int(image.height * 0.88)
    draw.line((left, top, left, bottom, right, bottom), fill=ink, width=int(rng.integers(1, 4)))
    for step in np.linspace(0, 1, int(rng.integers(3, 9))):
        x, y = left + step * (right - left), bottom - step * (bottom - top)
        draw.text((x - 6, bottom + 4), f"{step:.1f}", fill=ink, font=_font(11))
        draw.text((3, y - 6), f"{step * 10:.0f}", fill=ink, font=_font(11))
        if rng.random() < 0.6:
            draw.line((left, y, right, y), fill=(ink + 128) // 2, width=1)
    for _ in range(int(rng.integers(1, 5))):
        _series(draw, rng, box=(left, top, right, bottom))
    draw.text((image.width // 3, 2), words(rng, 3), fill=ink, font=_font(14))


def screenshot(image: Image.Image, rng: np.random.Generator) -> None:
    """Windows with title bars, buttons, lists and text."""
    draw, ink = ImageDraw.Draw(image), _ink(image, rng)
    for _ in range(int(rng.integers(1, 5))):
        x, y = (int(rng.uniform(0, 0.6) * side) for side in image.size)
        w, h = (int(rng.uniform(0.25, 0.95) * side) for side in image.size)
        fill = int(rng.integers(0, 256))
        letters = 0 if fill > 127 else 255
        draw.rectangle((x, y, x + w, y + h), fill=fill, outline=ink)
        draw.rectangle((x, y, x + w, y + 18), fill=int(rng.integers(0, 256)))
        draw.text((x + 5, y + 3), words(rng, 3), fill=letters, font=_font(11))
        _paragraphs(draw, rng, box=(x + 8, y + 26, max(40, w // 2), min(image.height, y + h) - 6), size=11, ink=letters)
        for _ in range(int(rng.integers(1, 7))):
            bx, by = x + int(rng.uniform(0.5, 0.9) * w), y + 26 + int(rng.uniform(0, 0.8) * h)
            draw.rounded_rectangle(
                (bx, by, bx + 50, by + 16), radius=4, fill=int(rng.integers(0, 256)), outline=letters
            )
    draw.rectangle((0, image.height - 16, image.width, image.height), fill=int(rng.integers(0, 256)))


def words(rng: np.random.Generator, count: int) -> str:
    """`count` random words of two to ten letters."""
    lengths = rng.integers(2, 11, size=count)
    return " ".join("".join(rng.choice(list(_LETTERS), size=length)) for length in lengths)


def _paragraphs(
    draw: ImageDraw.ImageDraw, rng: np.random.Generator, *, box: tuple[int, int, int, int], size: int, ink: int
) -> None:
    x, y, width, bottom = box
    per_line = max(1, int(width / (size * 3.6)))
    pool = [words(rng, per_line)[: max(1, int(width / (size * 0.52)))] for _ in range(6)]
    while y < bottom - size:
        if rng.random() > 0.12:
            line = pool[int(rng.integers(len(pool)))]
            draw.text((x, y), line, fill=ink, font=_font(size))
        y += int(size * 1.35)


def _series(draw: ImageDraw.ImageDraw, rng: np.random.Generator, *, box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    count, shade = int(rng.integers(4, 60)), int(rng.integers(0, 200))
    xs = np.linspace(left, right, count)
    walk = np.cumsum(rng.normal(size=count))
    ys = bottom - (walk - walk.min()) / (np.ptp(walk) + 1e-9) * (bottom - top) * rng.uniform(0.4, 1.0)
    points = list(zip(xs.tolist(), ys.tolist(), strict=True))
    match int(rng.integers(3)):
        case 0:
            draw.line(points, fill=shade, width=int(rng.integers(1, 5)))
        case 1:
            half = (right - left) / count * 0.35
            for x, y in points:
                draw.rectangle((x - half, y, x + half, bottom), fill=shade)
        case _:
            for x, y in points:
                draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=shade)


def _ink(image: Image.Image, rng: np.random.Generator) -> int:
    """Dark on a light page, light on a dark one."""
    page = image.getpixel((0, 0))
    offset = int(rng.integers(0, 70))
    return offset if isinstance(page, int | float) and page > 127 else 255 - offset

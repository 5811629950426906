"""Renderings without text: drawings, blanks, gradients and noise, each from a seeded generator."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Grey = npt.NDArray[np.uint8]


def drawing(image: Image.Image, rng: np.random.Generator) -> None:
    """Outlines, filled shapes and scribbles."""
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(3, 25))):
        shade, width = int(rng.integers(0, 256)), int(rng.integers(1, 7))
        fill = int(rng.integers(0, 256)) if rng.random() < 0.5 else None
        xs, ys = (np.sort(rng.uniform(0, side, 2)) for side in image.size)
        box = (float(xs[0]), float(ys[0]), float(xs[1]) + 2, float(ys[1]) + 2)
        match int(rng.integers(5)):
            case 0:
                draw.ellipse(box, outline=shade, fill=fill, width=width)
            case 1:
                draw.rectangle(box, outline=shade, fill=fill, width=width)
            case 2:
                draw.polygon(_points(image, rng, int(rng.integers(3, 8))), outline=shade, fill=fill)
            case 3:
                draw.arc(box, float(rng.uniform(0, 360)), float(rng.uniform(0, 720)), fill=shade, width=width)
            case _:
                draw.line(_points(image, rng, int(rng.integers(2, 20))), fill=shade, width=width)


def blank(height: int, width: int, rng: np.random.Generator) -> Grey:
    """One grey everywhere, sometimes with faint noise or a frame."""
    page = np.full((height, width), rng.uniform(0, 255))
    if rng.random() < 0.5:
        page += rng.normal(scale=rng.uniform(0.5, 6.0), size=page.shape)
    if rng.random() < 0.3:
        edge = int(rng.integers(2, max(3, min(height, width) // 8)))
        inside = page[edge:-edge, edge:-edge].copy()
        page[:] = rng.uniform(0, 255)
        page[edge:-edge, edge:-edge] = inside
    return _grey(page)


def gradient(height: int, width: int, rng: np.random.Generator) -> Grey:
    """Linear and radial ramps, and sums of soft blobs, which are the nearest of these to an out-of-focus radiograph."""
    y, x = np.mgrid[0:height, 0:width]
    y, x = y / height, x / width
    page = rng.normal() * x + rng.normal() * y
    for _ in range(int(rng.integers(0, 7))):
        centre_x, centre_y, spread = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.03, 0.6)
        page = page + rng.normal() * np.exp(-((x - centre_x) ** 2 + (y - centre_y) ** 2) / (2 * spread**2))
    if rng.random() < 0.3:
        page = np.sin(page * rng.uniform(2, 40))
    low, high = np.sort(rng.uniform(0, 255, 2))
    return _grey(low + (page - page.min()) / (np.ptp(page) + 1e-9) * max(10.0, high - low))


def noise(height: int, width: int, rng: np.random.Generator) -> Grey:
    """White, salt-and-pepper, or power-law noise of a random exponent (soft clouds at the steep end)."""
    kind = int(rng.integers(4))
    if kind == 0:
        return _grey(rng.normal(rng.uniform(40, 215), rng.uniform(10, 90), size=(height, width)))
    if kind == 1:
        return _grey((rng.random((height, width)) < rng.uniform(0.02, 0.98)) * 255.0)
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    radius[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.normal(size=(height, width))) / radius ** rng.uniform(0.3, 2.2)
    page = np.fft.irfft2(spectrum, s=(height, width))
    return _grey(128 + (page - page.mean()) / (page.std() + 1e-9) * rng.uniform(20, 70))


def _points(image: Image.Image, rng: np.random.Generator, count: int) -> list[tuple[float, float]]:
    return [(float(rng.uniform(0, image.width)), float(rng.uniform(0, image.height))) for _ in range(count)]


def _grey(page: npt.NDArray[np.floating]) -> Grey:
    levels: Grey = np.clip(np.rint(page), 0, 255).astype(np.uint8)
    return levels

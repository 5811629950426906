"""One picture in another file: every way of saving it anew by which a copy may come into a release."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageOps


def as_jpeg(picture: Image.Image, *, quality: int = 60) -> Image.Image:
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=quality)
    return Image.open(held)


AGAIN: dict[str, Callable[[Image.Image], Image.Image]] = {
    "renamed.bmp": lambda picture: picture,
    "jpeg.jpg": lambda picture: picture,
    "png-of-jpeg.png": as_jpeg,
    "smaller.png": lambda picture: picture.resize((100, 81), Image.Resampling.LANCZOS),
    "larger.png": lambda picture: picture.resize((512, 512), Image.Resampling.BICUBIC),
    "inverted.png": ImageOps.invert,
    "cropped.png": lambda picture: picture.crop((1, 1, picture.width - 1, picture.height - 1)),
}


def textured(draw: np.random.Generator) -> Image.Image:
    """Structure of every size, as a radiograph has it."""
    layers = [draw.integers(0, 64, (side, side)).astype(np.uint8) for side in (4, 8, 16, 32)]
    grown = [np.asarray(Image.fromarray(one).resize((320, 260), Image.Resampling.BICUBIC)) for one in layers]
    return Image.fromarray(sum(grown).astype(np.uint8))

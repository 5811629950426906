"""Makes what the tests of the service send and read with: small pictures, a toy model, and a plan for readers."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from fabricate_bundle import ToyBundle
from hilum.bundle.load import Bundle
from hilum.service.readers.plan import ReaderPlan
from hilum.service.store.store import Store


def grey_png(level: float = 0.6, *, rows: int = 24, columns: int = 32, mark: int = 0) -> bytes:
    """An 8-bit picture of one grey in [0, 1]; `mark` changes one pixel, and so the bytes."""
    pixels = np.full((rows, columns), round(level * 255), np.uint8)
    pixels[mark // columns % rows, mark % columns] ^= 1 + mark // (rows * columns)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def toy_bundle(folder: Path) -> Bundle:
    """A model whose one logit, of Pneumonia, is 8 x mean brightness - 2, with its threshold at 0.5."""
    return ToyBundle().write(folder)


def toy_plan(store: Store, *, bundle: Bundle, **changes: float) -> ReaderPlan:
    return ReaderPlan(store=store.folder, options=store.options, models=(bundle.folder,), **changes)

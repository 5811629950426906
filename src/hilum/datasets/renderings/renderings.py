"""Seeded pictures that are no radiographs: documents, tables, plots, screenshots, drawings, blanks, gradients, noise.

A rendering depends on its family and seed alone. Training and judging take seeds from ranges that do not meet, so that
no picture is seen by both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.datasets.renderings.pages import document, plot, screenshot, table
from hilum.datasets.renderings.shapes import blank, drawing, gradient, noise
from hilum.errors import UsageError

TRAINING_SEEDS = range(1_000_000)
JUDGING_SEEDS = range(10_000_000, 11_000_000)

_Drawn = Callable[[Image.Image, np.random.Generator], None]
_Computed = Callable[[int, int, np.random.Generator], npt.NDArray[np.uint8]]

_DRAWN: Mapping[str, _Drawn] = {
    "document": document,
    "table": table,
    "plot": plot,
    "screenshot": screenshot,
    "drawing": drawing,
}
_COMPUTED: Mapping[str, _Computed] = {"blank": blank, "gradient": gradient, "noise": noise}

FAMILIES: tuple[str, ...] = (*_DRAWN, *_COMPUTED)


def render(family: str, *, seed: int) -> npt.NDArray[np.uint8]:
    """The picture of `family` with this seed, grey uint8 (H, W), sides between 160 and 640 pixels.

    Raises `UsageError` for a family that is not in `FAMILIES`.
    """
    if family not in FAMILIES:
        raise UsageError(f"Unknown family {family!r}. Known: {', '.join(FAMILIES)}")
    rng = np.random.default_rng((FAMILIES.index(family), seed))
    height, width = (int(rng.integers(160, 641)) for _ in range(2))
    if family in _COMPUTED:
        return _COMPUTED[family](height, width, rng)
    light = rng.random() < 0.7
    page = int(rng.integers(190, 256)) if light else int(rng.integers(0, 60))
    image = Image.new("L", (width, height), page)
    _DRAWN[family](image, rng)
    return np.asarray(image)

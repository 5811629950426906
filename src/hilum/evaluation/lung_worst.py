"""The worst drawings beside their annotation, as one picture that stays on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage  # type: ignore[import-untyped]

from hilum.evaluation.lung_judge import DrawnLungs
from hilum.output.atomic import write_whole
from hilum.report.windowing import encode_png

TILE_PX = 320
DRAWN_COLOUR, TRUTH_COLOUR = (230, 159, 0), (86, 180, 233)


def write_worst(cases: Sequence[tuple[Path, DrawnLungs]], *, path: Path) -> None:
    """A row of tiles: each picture with the drawn outline in orange and the annotated one in blue."""
    tiles = [_tile(picture, drawn) for picture, drawn in cases]
    write_whole(path, encode_png(np.concatenate(tiles, axis=1)))


def _tile(picture: Path, drawn: DrawnLungs) -> npt.NDArray[np.uint8]:
    size = (TILE_PX, TILE_PX)
    with Image.open(picture) as image:
        tile = np.asarray(image.convert("L").resize(size)).copy()
    colours = np.repeat(tile[..., None], 3, axis=2)
    masks = ((drawn.truth.union, TRUTH_COLOUR), (drawn.union, DRAWN_COLOUR))
    for mask, colour in masks:
        if mask is not None:
            small = np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST))
            colours[small & ~ndimage.binary_erosion(small, iterations=2)] = colour
    return colours

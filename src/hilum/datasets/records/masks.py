"""The files of masks, as grey values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.errors import DataError


def mask_named_as(picture: Path, *, folder: Path) -> Path:
    """The PNG in `folder` that bears the picture's name. Raises `DataError` where there is none."""
    path = folder / f"{picture.stem}.png"
    if not path.is_file():
        raise DataError(f"The mask of {picture.name} is missing: {path} does not exist. Copy the data set again")
    return path


def read_mask(path: Path, *, shape: tuple[int, int] | None = None, of: str = "lung") -> npt.NDArray[np.uint8]:
    """The grey values of a mask, uint8 (H, W), 0 where nothing is drawn; of any size where `shape` is None.

    Raises `DataError` where the file is missing, cannot be read, shows no `of` or is not `shape` (rows, columns) large.
    """
    try:
        with Image.open(path) as image:
            grey = np.asarray(image.convert("L"))
    except OSError as error:
        raise DataError(f"Cannot open the mask {path} ({error}). Copy the data set again") from error
    if shape is not None and grey.shape != shape:
        raise DataError(
            f"The mask {path} has the shape {grey.shape}, but its image has {shape[0]} x {shape[1]} pixels. Copy it "
            "again"
        )
    if not grey.any():
        raise DataError(f"The mask {path} is empty: it shows no {of}. Leave the picture out")
    return grey

"""The sharpness of an image, from which the baseline without a network ranks; `baseline.py` judges it.

In Kermany's release healthy images are sharper than ill ones; a network that does not beat this number by far may
have learned nothing else. The baseline stands beside every network in every table.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from hilum.datasets.records.record import Record
from hilum.imaging.decode import decode, read_file
from hilum.radiograph import Pixels

BASELINE = "mean gradient (soft images count as ill)"


def mean_gradient(pixels: Pixels) -> float:
    """The mean length of the grey-level gradient of (H, W) in [0, 1], per pixel, by forward differences."""
    down = np.diff(pixels, axis=0)[:, :-1]
    right = np.diff(pixels, axis=1)[:-1, :]
    return float(np.hypot(down, right).mean())


def sharpness_of(records: Sequence[Record], *, jobs: int = 1) -> dict[str, float]:
    """The mean gradient of each picture's native pixels, by the image's name; `jobs` are decoded at the same time.

    Raises what decoding raises.
    """
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="hilum-sharpness") as pool:
        found = pool.map(_of_file, records)
        return {record.image: value for record, value in zip(records, found, strict=True)}


def _of_file(record: Record) -> float:
    return mean_gradient(decode(read_file(record.path), name=record.image).pixels)

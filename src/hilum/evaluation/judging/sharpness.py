"""The sharpness of an image, from which the baseline without a network ranks; `baseline.py` judges it.

In Kermany's release healthy images are sharper than ill ones; a network that does not beat this number by far may
have learned nothing else. The baseline stands beside every network in every table.
"""

from __future__ import annotations

import numpy as np

from hilum.radiograph import Pixels

BASELINE = "mean gradient (soft images count as ill)"


def mean_gradient(pixels: Pixels) -> float:
    """The mean length of the grey-level gradient of (H, W) in [0, 1], per pixel, by forward differences."""
    down = np.diff(pixels, axis=0)[:, :-1]
    right = np.diff(pixels, axis=1)[:-1, :]
    return float(np.hypot(down, right).mean())

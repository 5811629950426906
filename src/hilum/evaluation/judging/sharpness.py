"""The mean-gradient baseline: how well the sharpness of an image alone tells the classes apart.

In Kermany's release healthy images are sharper than ill ones; a network that does not beat this number by far may
have learned nothing else. The baseline stands beside every network in every table.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hilum.evaluation.judging.judge import judge
from hilum.evaluation.predictions.predictions import Predictions
from hilum.radiograph import Pixels
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import FloatArray

BASELINE = "mean gradient (soft images count as ill)"


def mean_gradient(pixels: Pixels) -> float:
    """The mean length of the grey-level gradient of (H, W) in [0, 1], per pixel, by forward differences."""
    down = np.diff(pixels, axis=0)[:, :-1]
    right = np.diff(pixels, axis=1)[:-1, :]
    return float(np.hypot(down, right).mean())


def baseline_auroc(predictions: Predictions, *, sharpness: FloatArray | None, replicates: int) -> Estimate | None:
    """The AUROC of softness for the one label of `predictions`; `sharpness` (n,) is each image's mean gradient, >= 0.

    None where there are several labels, or the sharpness of an image is not known. Soft images count as ill.
    """
    if len(predictions.labels) != 1 or sharpness is None:
        return None
    soft = 1.0 / (1.0 + sharpness[:, None])  # any falling map into [0, 1] ranks alike
    return judge(replace(predictions, scores=soft), replicates=replicates).whole.labels[0].auroc

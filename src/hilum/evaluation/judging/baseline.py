"""The mean-gradient baseline: how well the sharpness of an image alone tells the classes apart."""

from __future__ import annotations

from dataclasses import replace

from hilum.evaluation.judging.judge import judge
from hilum.evaluation.predictions.predictions import Predictions
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import FloatArray


def baseline_auroc(predictions: Predictions, *, sharpness: FloatArray | None, replicates: int) -> Estimate | None:
    """The AUROC of softness for the one label of `predictions`; `sharpness` (n,) is each image's mean gradient, >= 0.

    None where there are several labels, or the sharpness of an image is not known. Soft images count as ill.
    """
    if len(predictions.labels) != 1 or sharpness is None:
        return None
    soft = 1.0 / (1.0 + sharpness[:, None])  # any falling map into [0, 1] ranks alike
    return judge(replace(predictions, scores=soft), replicates=replicates).whole.labels[0].auroc

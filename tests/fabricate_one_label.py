"""Makes predictions of one label from given truths and probabilities; each image is a patient's only one."""

from collections.abc import Sequence

import numpy as np

from hilum.evaluation.predictions.predictions import Predictions


def predictions_of_one_label(truth: Sequence[float], scores: Sequence[float]) -> Predictions:
    """Of "Pneumonia", in one fold."""
    n = len(truth)
    return Predictions(
        image=tuple(f"{i}.png" for i in range(n)),
        patient=tuple(f"p{i}" for i in range(n)),
        split=("fold 0",) * n,
        labels=("Pneumonia",),
        truth=np.asarray(truth, float)[:, None],
        scores=np.asarray(scores, float)[:, None],
        protocol="by hand",
    )

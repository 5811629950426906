import numpy as np
import pytest

from hilum.evaluation.judging.baseline import baseline_auroc
from hilum.evaluation.predictions.predictions import Predictions


def predictions(truth):
    n = len(truth)
    return Predictions(
        image=tuple(f"{i}.png" for i in range(n)),
        patient=tuple(f"p{i}" for i in range(n)),
        split=("val",) * n,
        labels=("Pneumonia",),
        truth=np.array(truth, float)[:, None],
        scores=np.full((n, 1), 0.5),
        protocol="made up",
    )


def test_soft_images_count_as_ill():
    found = baseline_auroc(predictions([1, 1, 0, 0]), sharpness=np.array([0.1, 0.3, 0.2, 0.4]), replicates=100)
    assert found.value == pytest.approx(3 / 4)  # of the four pairs, only the second ill and the first well disagree


def test_there_is_none_where_the_sharpness_of_an_image_is_not_known():
    assert baseline_auroc(predictions([1, 0]), sharpness=None, replicates=100) is None

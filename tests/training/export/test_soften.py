import io

import numpy as np
from PIL import Image

from hilum.evaluation.judging.sharpness import mean_gradient
from hilum.training.export.soften import as_png, soften

NOISE = np.random.default_rng(0).random((224, 200)).astype(np.float32)


def test_copies_are_softer_by_seed_and_stay_in_range():
    gradients = [mean_gradient(soften(NOISE, seed=seed)) for seed in range(12)]
    assert max(gradients) <= mean_gradient(NOISE)
    assert min(gradients) < 0.4 * mean_gradient(NOISE)
    assert len({round(g, 6) for g in gradients}) > 6
    assert np.array_equal(soften(NOISE, seed=3), soften(NOISE, seed=3))


def test_the_png_holds_the_pixels_to_half_a_level():
    back = np.asarray(Image.open(io.BytesIO(as_png(NOISE))), np.float32) / 255
    assert np.abs(back - NOISE).max() <= 0.5 / 255 + 1e-6

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from hilum.evaluation.judging.sharpness import mean_gradient
from hilum.systems.pneumonia.shift.copies import COPIES, copies_of


@pytest.fixture
def grey():
    y, x = np.mgrid[:224, :224] / 224
    noise = np.random.default_rng(0).normal(0, 0.05, (224, 224))
    return np.clip(0.3 + 0.4 * y * x + noise, 0, 1).astype(np.float32)


def test_each_copy_is_what_its_name_says(grey):
    plain, blurred, sharpened, equalised = copies_of(grey)
    assert len(COPIES) == 4
    np.testing.assert_array_equal(plain, grey)
    soft = gaussian_filter(grey, 1.0, mode="mirror", truncate=3.0)
    np.testing.assert_allclose(blurred, soft, atol=1e-5)
    np.testing.assert_allclose(sharpened, np.clip(2 * grey - soft, 0, 1), atol=1e-5)
    assert mean_gradient(blurred) < mean_gradient(grey) < mean_gradient(sharpened)
    share, _ = np.histogram(equalised, bins=8, range=(0, 1))
    assert share.max() / share.min() < 1.3, "as many pixels at each grey level"


def test_the_blur_is_a_share_of_the_pictures_height(grey):
    small = grey[::2, ::2]
    np.testing.assert_allclose(copies_of(small)[1], gaussian_filter(small, 0.5, mode="mirror", radius=2), atol=1e-3)

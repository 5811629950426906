import numpy as np
import pytest

from fabricate_kermany import fabricate_kermany
from hilum.datasets.releases.kermany import read_kermany
from hilum.evaluation.judging.sharpness import mean_gradient, sharpness_of
from hilum.imaging.decode import decode, read_file
from hilum.training.recipe.augment import gaussian_blur


def test_a_ramp_has_its_slope():
    y, x = np.mgrid[:20, :30]
    assert mean_gradient((0.003 * x + 0.004 * y).astype(np.float32)) == pytest.approx(0.005, rel=1e-4)


def test_a_flat_image_has_none():
    assert mean_gradient(np.full((8, 8), 0.3, np.float32)) == 0.0


def test_blurring_lowers_it():
    torch = pytest.importorskip("torch")
    noise = np.random.default_rng(0).random((64, 64)).astype(np.float32)
    assert mean_gradient(gaussian_blur(torch.from_numpy(noise), sigma_px=1.5).numpy()) < 0.5 * mean_gradient(noise)


def test_the_sharpness_of_a_file_is_the_mean_gradient_of_its_pixels(tmp_path):
    records = read_kermany(fabricate_kermany(tmp_path, train=3, test=2))
    found = sharpness_of(records, jobs=2)
    assert list(found) == [one.image for one in records]
    one = records[3]
    assert found[one.image] == mean_gradient(decode(read_file(one.path), name=one.image).pixels)

"""The physics of the detector: Beer and Lambert, noise of the right size, blur that keeps light, a monotone display."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from hilum.phantom.detector import Detector, Display, expose, gaussian_blur, transmitted
from hilum.phantom.grid import Grid
from hilum.phantom.solids import Block, add_path
from perfect_detector import PERFECT


def test_ten_centimetres_of_water_let_an_eighth_through() -> None:
    assert transmitted(np.array([[0.0206 * 100]]))[0, 0] == pytest.approx(np.exp(-2.06))


def test_attenuations_add_and_transmissions_multiply() -> None:
    grid = Grid(20, 20, 1.0)
    one, two, both = grid.zeros(), grid.zeros(), grid.zeros()
    for image in (one, both):
        add_path(image, Block((0, 0, 0), (10, 20, 30)), grid=grid, weight=0.02)
    for image in (two, both):
        add_path(image, Block((0, 0, 50), (20, 8, 12)), grid=grid, weight=0.05)
    np.testing.assert_allclose(transmitted(both), transmitted(one) * transmitted(two), rtol=1e-12)


def test_a_perfect_detector_gives_the_attenuation_back() -> None:
    attenuation = np.random.default_rng(0).uniform(0, 5, (30, 40))
    np.testing.assert_allclose(expose(attenuation, detector=PERFECT, seed=3), attenuation, atol=1e-12)


def test_noise_is_that_of_poisson_counts() -> None:
    detector = Detector(photons=2000, scatter=0, blur_px=0, edge_loss=0)
    signal = expose(np.full((200, 200), 1.0), detector=detector, seed=5)
    assert signal.mean() == pytest.approx(1.0, abs=0.002)
    assert signal.std() == pytest.approx(1 / np.sqrt(2000 * np.exp(-1)), rel=0.03)


def test_noise_follows_the_seed() -> None:
    detector, flat = Detector(photons=500), np.full((64, 64), 0.5)
    same = [expose(flat, detector=detector, seed=7) for _ in range(2)]
    np.testing.assert_array_equal(*same)
    assert (expose(flat, detector=detector, seed=8) != same[0]).any()


def test_scatter_brings_light_behind_a_block_and_keeps_the_total() -> None:
    attenuation = np.zeros((128, 128))
    attenuation[48:80, 48:80] = 5.0
    detector = Detector(photons=0, scatter=0.3, scatter_width=0.12, blur_px=0, edge_loss=0)
    scattered, primary = np.exp(-expose(attenuation, detector=detector, seed=0)), np.exp(-attenuation)
    assert scattered[64, 64] > 2 * primary[64, 64]
    assert scattered.mean() == pytest.approx(primary.mean(), rel=0.01)


@pytest.mark.parametrize("sigma_px", [0.5, 0.8, 3.0])
def test_blur_agrees_with_scipy(sigma_px: float) -> None:
    image = np.random.default_rng(1).uniform(size=(40, 50))
    reach = max(1, int(np.ceil(4 * sigma_px)))
    expected = gaussian_filter(image, sigma_px, mode="nearest", radius=reach)
    np.testing.assert_allclose(gaussian_blur(image, sigma_px=sigma_px), expected, atol=1e-12)


def test_exposure_falls_to_the_corners() -> None:
    signal = expose(np.zeros((65, 65)), detector=Detector(0, 0, 0.1, 0, edge_loss=0.2), seed=0)
    assert signal[32, 32] == pytest.approx(0)
    assert np.exp(-signal[0, 0]) == pytest.approx(0.8)


def test_the_display_is_monotone_within_its_window_and_flat_outside() -> None:
    pixels = Display(black=1.0, white=3.0, contrast=1.5).pixels(np.linspace(0, 4, 81)[None, :])[0]
    assert pixels.dtype == np.float32
    assert (pixels[:21] == 0).all()
    assert (pixels[60:] == 1).all()
    assert (np.diff(pixels[20:61]) > 0).all()
    assert pixels[40] == pytest.approx(0.5, abs=1e-6)

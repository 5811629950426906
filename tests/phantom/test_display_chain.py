"""The display chain by hand-computed values, and storing as its inverse."""

import numpy as np
import pytest

from hilum.phantom.display_chain import Chain


def test_stored_ranges() -> None:
    assert Chain(bits=12).stored_range == (0, 4095)
    assert Chain(bits=12, signed=True).stored_range == (-2048, 2047)
    assert Chain(bits=8, modality="rescale", slope=-2.0, intercept=100.0).modality_range == (-410, 100)


def test_greys_by_hand() -> None:
    full = Chain(bits=8, voi="none")
    np.testing.assert_allclose(full.grey(np.array([0.0, 51.0, 255.0])), [0, 0.2, 1])
    window = Chain(bits=10)
    assert window.window == (102, 818)
    np.testing.assert_allclose(window.grey(np.array([0.0, 102, 460, 818, 1023])), [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(Chain(bits=8, voi="none", inverted=True).grey(np.array([0.0, 255.0])), [1, 0])
    falling = Chain(bits=8, voi="none", modality="rescale", slope=-1.0)
    np.testing.assert_allclose(falling.grey(np.array([0.0, 255.0])), [1, 0])
    curved = Chain(bits=8, voi="lut").grey(np.array([64.0]))
    assert curved[0] == pytest.approx((64 / 255) ** 1.5, abs=1e-5)


@pytest.mark.parametrize(
    "chain",
    [
        Chain(),
        Chain(voi="lut", inverted=True),
        Chain(modality="lut", signed=True),
        Chain(bits=16, modality="rescale", slope=-0.5, intercept=7.0, inverted=True),
    ],
)
def test_what_is_stored_shows_again(chain: Chain) -> None:
    pixels = np.linspace(0, 1, 501, dtype=np.float32)[None, :]
    stored = chain.store(pixels)
    low, high = chain.stored_range
    assert low <= stored.min() < stored.max() <= high
    np.testing.assert_allclose(chain.grey(stored.astype(np.float64)), pixels, atol=1 / 2500)

"""Noisy linear imputation against the `grad-cam` library's, which is its authors', and by hand."""

import numpy as np
import pytest
import torch

from hilum.errors import UsageError
from hilum.evaluation.localisation.imputation import NOISE, imputed

PICTURE = np.random.default_rng(0).normal(size=(3, 20, 16)).astype(np.float32)
GONE = np.random.default_rng(1).random((20, 16)) < 0.7


def test_agrees_with_the_authors_without_noise() -> None:
    from pytorch_grad_cam.metrics.road import NoisyLinearImputer

    theirs = NoisyLinearImputer(noise=0.0)(torch.from_numpy(PICTURE), torch.from_numpy((~GONE).astype(np.float32)))
    np.testing.assert_allclose(imputed(PICTURE, gone=GONE, seed=0, noise=0.0), theirs.numpy(), atol=1e-5)


def test_one_pixel_is_the_weighted_mean_of_those_around_it() -> None:
    picture = np.arange(9, dtype=np.float32).reshape(1, 3, 3) ** 2
    gone = np.zeros((3, 3), bool)
    gone[1, 1] = True
    direct, diagonal = picture[0, [0, 1, 1, 2], [1, 0, 2, 1]], picture[0, [0, 0, 2, 2], [0, 2, 0, 2]]
    found = imputed(picture, gone=gone, seed=0, noise=0.0)
    assert found[0, 1, 1] == pytest.approx(direct.sum() / 6 + diagonal.sum() / 12)
    assert (found[0][~gone] == picture[0][~gone]).all()
    corner = np.zeros((3, 3), bool)
    corner[0, 0] = True
    beside = (picture[0, 0, 1] / 6 + picture[0, 1, 0] / 6 + picture[0, 1, 1] / 12) / (5 / 12)
    assert imputed(picture, gone=corner, seed=0, noise=0.0)[0, 0, 0] == pytest.approx(beside)


def test_noise_is_little_follows_from_the_seed_and_touches_nothing_else() -> None:
    plain, noisy = (imputed(PICTURE, gone=GONE, seed=4, noise=noise) for noise in (0.0, NOISE))
    difference = noisy - plain
    assert np.abs(difference[:, ~GONE]).max() == 0.0
    assert difference[:, GONE].std() == pytest.approx(NOISE, rel=0.2)
    np.testing.assert_array_equal(noisy, imputed(PICTURE, gone=GONE, seed=4))


def test_nothing_to_take_out_and_nothing_left() -> None:
    np.testing.assert_array_equal(imputed(PICTURE, gone=np.zeros((20, 16), bool), seed=0), PICTURE)
    with pytest.raises(UsageError, match=r"must leave some pixels; its shape is .*, or it hides all of them"):
        imputed(PICTURE, gone=np.ones((20, 16), bool), seed=0)

from dataclasses import replace

import numpy as np
import pytest
import torch

from hilum.errors import DataError
from hilum.systems.pneumonia import dcgan
from hilum.systems.pneumonia.dcgan import SIDE, STATE, DcganSettings, Discriminator, nearest, sampled, train_dcgan

SMALL = DcganSettings(latent=8, width=4, epochs=3, batch_size=8)


@pytest.fixture(scope="module")
def pictures():
    y = np.linspace(0, 1, SIDE, dtype=np.float32)[None, :, None]
    draw = np.random.default_rng(0)
    return (np.broadcast_to(y, (20, SIDE, SIDE)) * draw.uniform(0.5, 1.0, (20, 1, 1))).astype(np.float32)


def test_a_stopped_training_goes_on_to_what_an_unbroken_one_gives(pictures, tmp_path, monkeypatch):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    unbroken = train_dcgan(pictures, settings=SMALL, folder=tmp_path / "unbroken").state_dict()
    assert torch.equal(torch.rand(3), expected), "the caller's generator is left alone"
    step, calls = dcgan._Pair.step, []

    def dies(pair, real, *, latent):
        calls.append(len(real))
        if len(calls) == 4:  # in the second epoch of two batches
            raise KeyboardInterrupt
        return step(pair, real, latent=latent)

    monkeypatch.setattr(dcgan._Pair, "step", dies)
    with pytest.raises(KeyboardInterrupt):
        train_dcgan(pictures, settings=SMALL, folder=tmp_path / "broken")
    monkeypatch.setattr(dcgan._Pair, "step", step)
    resumed = train_dcgan(pictures, settings=SMALL, folder=tmp_path / "broken").state_dict()
    assert all(torch.equal(unbroken[name], resumed[name]) for name in unbroken)
    before = (tmp_path / "broken" / STATE).stat().st_mtime_ns
    again = train_dcgan(pictures, settings=SMALL, folder=tmp_path / "broken").state_dict()
    assert (tmp_path / "broken" / STATE).stat().st_mtime_ns == before, "what has ended is not trained again"
    assert all(torch.equal(again[name], resumed[name]) for name in again)


def test_samples_are_pictures_that_follow_from_seed_and_weights(pictures, tmp_path):
    generator = train_dcgan(pictures, settings=SMALL, folder=tmp_path)
    made = sampled(generator, count=300, settings=SMALL)
    assert (made.shape, made.dtype) == ((300, SIDE, SIDE), np.float32)
    assert made.min() >= 0
    assert made.max() <= 1
    assert np.array_equal(made, sampled(generator, count=300, settings=SMALL))
    assert not np.array_equal(made, sampled(generator, count=300, settings=replace(SMALL, seed=5)))
    assert sampled(generator, count=0, settings=SMALL).shape == (0, SIDE, SIDE)


def test_a_discriminator_that_learns_tells_noise_from_ramps(pictures):
    pair = dcgan._Pair(SMALL)
    real = torch.from_numpy(pictures[:8])[:, None] * 2 - 1
    first = [pair.step(real, latent=8)[0] for _ in range(30)]
    assert first[-1] < first[0]
    assert Discriminator(SMALL)(real).shape == (8, 1, 1, 1)


def test_the_nearest_picture_is_the_one_with_the_least_squared_difference(pictures):
    noisy = pictures[[7, 3]] + 0.001
    exact = pictures.astype(np.float64)
    assert nearest(noisy, among=pictures) == [int(((exact - one) ** 2).sum(axis=(1, 2)).argmin()) for one in noisy]


def test_pictures_of_another_size_are_refused(tmp_path):
    with pytest.raises(DataError, match="two images or more of 64 x 64"):
        train_dcgan(np.zeros((5, 32, 32), np.float32), settings=SMALL, folder=tmp_path)

from collections import UserList
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hilum.datasets.records.record import Record
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.lungs import fit as fit_module
from hilum.systems.lungs.fit import fit_lungs
from hilum.systems.lungs.pictures import LungPicture
from hilum.systems.lungs.shipped import lungs_free
from hilum.training.recipe.machine import Machine

SIDE, EPOCHS, AN_EPOCH = 32, 3, 8


@pytest.fixture(scope="module")
def recipe():
    whole = lungs_free(RandomWeights())
    spec = whole.preprocess
    sampler = replace(whole.sampler, images_per_epoch=AN_EPOCH)
    steps = (Resize(height=SIDE, width=SIDE, rule="stretch"),)
    return replace(
        whole,
        sampler=sampler,
        epochs=EPOCHS,
        batch_size=4,
        ema_decay=0.9,
        preprocess=PreprocessSpec(steps=steps, mean=spec.mean, std=spec.std),
    )


@pytest.fixture(scope="module")
def pictures(recipe):
    draw = np.random.default_rng(0)
    source = next(iter(recipe.sampler.shares))
    return [
        LungPicture(
            Record(
                path=Path(f"{name}.png"), image=f"{name}.png", patient=str(name), source=source, official=None,
                labels={}, stratum="", sha256=str(name),
            ),
            draw.integers(0, 256, (SIDE, SIDE)).astype(np.uint8),
            draw.integers(0, 2, (7, SIDE, SIDE)).astype(np.uint8),
        )
        for name in range(6)
    ]  # fmt: skip


class Interrupted(UserList):
    """Gives so many pictures to training, and then Ctrl-C."""

    def __init__(self, pictures, *, after):
        super().__init__(pictures)
        self.left = after

    def __iter__(self):
        return iter(self.data)

    def __getitem__(self, index):
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        return super().__getitem__(index)


def weights(fitted):
    return dict(fitted.network.state_dict())


def test_a_training_that_was_stopped_ends_with_the_weights_of_one_that_was_not(recipe, pictures, tmp_path):
    unbroken = fit_lungs(recipe, pictures=pictures, folder=tmp_path / "unbroken", machine=Machine())
    broken = tmp_path / "broken"
    with pytest.raises(KeyboardInterrupt):
        fit_lungs(recipe, pictures=Interrupted(pictures, after=AN_EPOCH + 3), folder=broken, machine=Machine())
    assert (broken / "last.ckpt").is_file()
    ended = fit_lungs(recipe, pictures=pictures, folder=broken, machine=Machine())
    assert all(torch.equal(weights(ended)[name], value) for name, value in weights(unbroken).items())
    assert not ended.network.training
    curves = [(tmp_path / name / "log" / "metrics.csv").read_text() for name in ("unbroken", "broken")]
    assert curves[0] == curves[1]
    assert len(curves[0].splitlines()) == 1 + EPOCHS


def test_a_training_that_has_ended_is_not_run_again_and_its_start_is_not_read(recipe, pictures, tmp_path, monkeypatch):
    first = fit_lungs(recipe, pictures=pictures, folder=tmp_path, machine=Machine())
    before = (tmp_path / "last.ckpt").stat().st_mtime_ns
    monkeypatch.delattr(fit_module, "start_network")
    again = fit_lungs(recipe, pictures=Interrupted(pictures, after=0), folder=tmp_path, machine=Machine())
    assert again.started_from == first.started_from == "random"
    assert all(torch.equal(weights(again)[name], value) for name, value in weights(first).items())
    assert (tmp_path / "last.ckpt").stat().st_mtime_ns == before

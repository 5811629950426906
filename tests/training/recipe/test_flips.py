import numpy as np
import torch
from torch.utils.data import Dataset

from hilum.training.recipe.flips import FlippedByChance, is_flipped


class Ramp(Dataset):
    """One picture (1, 2, 4) with columns 0 to 3."""

    def __getitem__(self, draw):
        return torch.arange(4.0).expand(1, 2, 4), torch.zeros(1)


def test_half_of_the_draws_are_mirrored_and_a_seed_decides_which():
    seeds = np.random.default_rng(0).integers(0, 2**31, 4000).tolist()
    flipped = [is_flipped(probability=0.5, seed=seed) for seed in seeds]
    assert 0.46 < np.mean(flipped) < 0.54
    assert flipped == [is_flipped(probability=0.5, seed=seed) for seed in seeds]
    assert not any(is_flipped(probability=0.0, seed=seed) for seed in seeds)
    assert all(is_flipped(probability=1.0, seed=seed) for seed in seeds)


def test_a_mirrored_picture_runs_from_right_to_left():
    pictures = FlippedByChance(Ramp(), probability=0.5)
    for seed in range(20):
        row = pictures[0, seed][0][0, 0].tolist()
        assert row == ([3, 2, 1, 0] if is_flipped(probability=0.5, seed=seed) else [0, 1, 2, 3])

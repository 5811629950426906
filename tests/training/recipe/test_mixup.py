import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from hilum.errors import DataError, UsageError
from hilum.training.recipe.mixup import MixedUp, Mixup

TARGETS = np.array([[1.0], [1.0], [1.0], [0.0]], np.float32)


class Flat(Dataset):
    """Pictures whose pixels are their index."""

    def __getitem__(self, draw):
        index, _ = draw
        return torch.full((1, 2, 2), float(index)), torch.from_numpy(TARGETS[index])


def mixed():
    return MixedUp(Flat(), mixup=Mixup(alpha=0.4), targets=TARGETS)


def test_a_picture_and_its_targets_are_mixed_with_one_share_and_keep_the_larger_part():
    groups = (np.array([0, 1, 2]), np.array([3]))
    for seed in range(50):
        (other, _), share = Mixup(alpha=0.4).partner(groups=groups, seed=seed)
        picture, targets = mixed()[0, seed]
        assert 0.5 <= share <= 1.0
        assert picture[0, 1, 1].item() == pytest.approx((1 - share) * other, abs=1e-6)
        assert targets.item() == pytest.approx(share + (1 - share) * float(TARGETS[other, 0]), abs=1e-6)


def test_the_seed_alone_decides():
    first, again = mixed()[1, 7], mixed()[1, 7]
    assert torch.equal(first[0], again[0])
    assert not torch.equal(first[0], mixed()[1, 8][0])


def test_either_outcome_is_laid_over_as_often_however_many_images_have_it():
    groups = (np.array([0, 1, 2]), np.array([3]))
    healthy = [Mixup().partner(groups=groups, seed=seed)[0][0] == 3 for seed in range(2000)]
    assert 0.45 < np.mean(healthy) < 0.55


def test_the_mean_share_is_that_of_the_folded_beta_distribution():
    # E max(L, 1 - L) of Beta(1, 1), which is uniform, is 3/4
    shares = [Mixup(alpha=1.0).partner(groups=(np.array([0]),), seed=seed)[1] for seed in range(4000)]
    assert np.mean(shares) == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize("alpha", [0.0, -1.0, float("nan")])
def test_an_alpha_that_is_no_beta_distribution_is_refused(alpha):
    with pytest.raises(UsageError, match="alpha of mixup must be above 0"):
        Mixup(alpha=alpha)


def test_an_image_of_which_the_first_label_is_not_known_is_laid_over_none():
    targets = np.array([[1.0], [0.0], [np.nan], [np.nan]], np.float32)
    images = MixedUp(Flat(), mixup=Mixup(alpha=0.4), targets=targets)
    others = {
        round(float(images[0, seed][0].max()), 6) for seed in range(40)
    }  # of picture 0: (1 - share) times another
    groups = (np.array([0]), np.array([1]))
    expected = set()
    for seed in range(40):
        (other, _), share = Mixup(alpha=0.4).partner(groups=groups, seed=seed)
        expected.add(round((1 - share) * other, 6))
    assert others == expected


def test_mixup_needs_both_outcomes_where_some_are_not_known():
    with pytest.raises(DataError, match="1 training images have the first label and 0 are known to be without it"):
        MixedUp(Flat(), mixup=Mixup(), targets=np.array([[1.0], [np.nan]], np.float32))

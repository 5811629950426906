import pytest

from hilum.errors import DataError
from hilum.training.samplers import BalancedSampler


def draws(epoch, *, seed=1):
    sampler = BalancedSampler([True] * 30 + [False] * 10, per_epoch=40, seed=seed)
    sampler.set_epoch(epoch)
    return list(sampler)


def test_half_of_the_draws_have_the_label_and_the_large_group_does_not_repeat():
    indices = [index for index, _ in draws(0)]
    positive = [index for index in indices if index < 30]
    assert len(indices) == 40
    assert len(positive) == len(set(positive)) == 20
    assert sorted(set(indices) - set(positive)) == list(range(30, 40)), "each of the small group is drawn, twice"


def test_seed_and_epoch_alone_decide_the_draws():
    assert draws(3) == draws(3)
    assert draws(3) != draws(4)
    assert draws(3) != draws(3, seed=2)


def test_one_kind_of_image_cannot_be_balanced():
    with pytest.raises(DataError, match="only one kind"):
        BalancedSampler([True, True], per_epoch=4, seed=0)

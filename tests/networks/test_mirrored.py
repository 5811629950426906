"""A classifier that also looks into the mirror: the mean of both looks, with left and right exchanged."""

import pytest
import torch

from hilum.errors import UsageError
from hilum.networks.mirrored import Mirrored
from hilum.networks.pooled_classifier import PooledClassifier


@pytest.fixture(scope="module")
def network() -> PooledClassifier:
    torch.manual_seed(3)
    return PooledClassifier("mobilenet_v2", labels=4).eval()


def test_logits_are_the_mean_of_both_looks_with_the_pair_exchanged(network: PooledClassifier) -> None:
    picture = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        seen, reflected = network(picture), network(picture.flip(-1))
        found = Mirrored(network, swaps=((1, 3),))(picture)
    expected = torch.stack(
        [
            (seen[:, 0] + reflected[:, 0]) / 2,
            (seen[:, 1] + reflected[:, 3]) / 2,
            (seen[:, 2] + reflected[:, 2]) / 2,
            (seen[:, 3] + reflected[:, 1]) / 2,
        ],
        dim=1,
    )
    torch.testing.assert_close(found, expected)


def test_a_mirror_image_gets_the_same_answer_but_for_the_pair(network: PooledClassifier) -> None:
    picture, mirrored = torch.rand(2, 3, 64, 64), Mirrored(network, swaps=((1, 3),))
    with torch.inference_mode():
        upright, features = mirrored.forward_with_features(picture)
        reflected, same_features = mirrored.forward_with_features(picture.flip(-1))
    torch.testing.assert_close(reflected, upright[:, [0, 3, 2, 1]])
    torch.testing.assert_close(features, same_features)
    assert features.shape == (2, 1280)


@pytest.mark.parametrize("pair", [(1, 1), (3, 1), (0, 4), (-1, 2)])
def test_a_pair_that_is_none_is_refused(network: PooledClassifier, pair: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="must be paired below 4"):
        Mirrored(network, swaps=(pair,))

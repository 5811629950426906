import numpy as np
import pytest
import torch

from hilum.errors import UsageError
from hilum.networks.capsules import CapsuleNetwork, CapsuleShape, Reconstruction, route, squash

SMALL = CapsuleShape(side=28, channels=6, kinds=4, below=3, above=5)


def squashed(vector: np.ndarray) -> np.ndarray:
    """Equation 1 of Sabour et al. 2017."""
    length = float(np.linalg.norm(vector))
    return vector * 0 if length == 0 else length**2 / (1 + length**2) * vector / length


def routed(predictions: np.ndarray, *, rounds: int) -> np.ndarray:
    """Procedure 1 of Sabour et al. 2017, one capsule at a time; predictions (I, J, D)."""
    below, above, _ = predictions.shape
    logits = np.zeros((below, above))
    for _ in range(rounds):
        shares = np.array([np.exp(row) / np.exp(row).sum() for row in logits])
        out = np.array([squashed(sum(shares[i, j] * predictions[i, j] for i in range(below))) for j in range(above)])
        for i in range(below):
            for j in range(above):
                logits[i, j] += predictions[i, j] @ out[j]
    return out


def test_a_squashed_vector_keeps_its_direction_and_is_shorter_than_one():
    vectors = torch.tensor([[3.0, 4.0], [0.3, -0.4], [0.0, 0.0]], dtype=torch.float64)
    found = squash(vectors)
    assert found.numpy() == pytest.approx(np.stack([squashed(vector) for vector in vectors.numpy()]), abs=1e-6)
    assert float(found[0].norm()) == pytest.approx(25 / 26)


@pytest.mark.parametrize("rounds", [1, 2, 3, 5])
def test_routing_is_the_paper_s_procedure(rounds):
    predictions = torch.randn(3, 7, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = np.stack([routed(one, rounds=rounds) for one in predictions.numpy()])
    assert route(predictions, rounds=rounds).numpy() == pytest.approx(expected, abs=1e-6)


def test_routing_finds_those_that_agree():
    """Six capsules say the same of the first above, and contradict each other on the second."""
    predictions = torch.zeros(1, 6, 2, 2)
    predictions[0, :, 0] = torch.tensor([1.0, 0.0])
    predictions[0, :, 1, 1] = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    lengths = [route(predictions, rounds=rounds).norm(dim=-1)[0].tolist() for rounds in (1, 3)]
    assert lengths[1][0] > lengths[0][0]
    assert lengths[1][1] < 0.05


def test_the_paper_s_shape_has_1152_capsules_of_8_numbers():
    shape = CapsuleShape()
    assert (shape.places, shape.routed) == (6, 1152)
    assert CapsuleShape(side=56).routed == 32 * 20 * 20


def test_a_network_gives_a_length_below_one_for_each_label_and_learns():
    torch.manual_seed(0)
    network = CapsuleNetwork(SMALL, labels=3)
    pictures = torch.rand(2, 1, 28, 28)
    assert network.capsules(pictures).shape == (2, 3, 5)
    lengths = network(pictures)
    assert lengths.shape == (2, 3)
    assert bool(((lengths >= 0) & (lengths < 1)).all())
    lengths.sum().backward()
    assert all(bool(one.grad.abs().sum() > 0) for one in network.parameters())


def test_a_shared_pair_is_each_place_s_own_where_they_are_all_alike():
    torch.manual_seed(0)
    shared = CapsuleNetwork(CapsuleShape(side=28, channels=6, kinds=4, below=3, above=5, shared=True), labels=3)
    own = CapsuleNetwork(SMALL, labels=3)
    state = shared.state_dict()
    own.load_state_dict(state | {"pairs": state["pairs"].repeat_interleave(36, dim=0)})
    pictures = torch.rand(2, 1, 28, 28)
    assert torch.allclose(own.capsules(pictures), shared.capsules(pictures), atol=1e-6)
    assert shared.pairs.numel() * 36 == own.pairs.numel()


def test_a_window_routes_the_mean_prediction_of_its_places():
    torch.manual_seed(0)
    wide = CapsuleShape(side=28, channels=6, kinds=4, below=3, above=5, shared=True, window=3)
    network = CapsuleNetwork(wide, labels=2)
    below = network._below(torch.rand(1, 1, 28, 28))
    every = torch.einsum("ntpd,tldk->ntplk", below, network.pairs)  # (1, 4, 36, 2, 5)
    squares = every.reshape(1, 4, 2, 3, 2, 3, 2, 5).mean(dim=(3, 5)).reshape(1, 16, 2, 5)
    assert wide.routed == 16
    assert torch.allclose(network._predictions(below), squares, atol=1e-6)


def test_a_picture_is_painted_from_the_capsules_that_are_there_alone():
    torch.manual_seed(0)
    network = CapsuleNetwork(SMALL, labels=3)
    painter = Reconstruction(network, hidden=(8, 8))
    capsules = torch.rand(1, 3, 5)
    targets = torch.tensor([[1.0, 0.0, torch.nan]])
    painted = painter(capsules, targets)
    assert painted.shape == (1, 1, 28, 28)
    other = capsules.clone()
    other[:, 1:] = 9.0
    assert torch.equal(painter(other, targets), painted)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"side": 16}, "at least 17 pixels"),
        ({"rounds": 0}, "counts from 1 on"),
        ({"window": 2}, "a shared pair of weights"),
        ({"window": 4, "shared": True}, "a window that divides the 6 places"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(changes, said):
    with pytest.raises(UsageError, match=said):
        CapsuleShape(**changes)


def test_nothing_to_label_and_no_round_are_refused():
    with pytest.raises(UsageError, match="labels >= 1"):
        CapsuleNetwork(SMALL, labels=0)
    with pytest.raises(UsageError, match="at least one round"):
        route(torch.zeros(1, 1, 1, 1), rounds=0)

import numpy as np
import pytest
import torch

from hilum.errors import UsageError
from hilum.networks.capsules.routing import LocalCapsules, length_logits, route, routed_sums, squash


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


def locally_routed(grid: np.ndarray, *, weights: np.ndarray, rounds: int) -> np.ndarray:
    """Algorithm 1 of LaLonde and Bagci 2018, one place above at a time, two places below apart; zeros lie outside.

    `grid` (T, z, H, W) of T kinds; `weights` (T, J, D, z, k, k) are the transformation of each kind below for each kind
    above.
    """
    kinds, _, rows, columns = grid.shape
    _, above, numbers, _, side, _ = weights.shape
    reach = side // 2
    out = np.zeros((above, numbers, -(-rows // 2), -(-columns // 2)))
    for y in range(out.shape[2]):
        for x in range(out.shape[3]):
            predictions = np.zeros((kinds, above, numbers))
            for kind in range(kinds):
                for down in range(-reach, reach + 1):
                    for across in range(-reach, reach + 1):
                        row, column = 2 * y + down, 2 * x + across
                        if 0 <= row < rows and 0 <= column < columns:
                            part = weights[kind, :, :, :, down + reach, across + reach]
                            predictions[kind] += part @ grid[kind, :, row, column]
            out[:, :, y, x] = routed(predictions, rounds=rounds)
    return out


def test_a_squashed_vector_keeps_its_direction_and_is_shorter_than_one():
    vectors = torch.tensor([[3.0, 4.0], [0.3, -0.4], [0.0, 0.0]], dtype=torch.float64)
    found = squash(vectors)
    assert found.numpy() == pytest.approx(np.stack([squashed(vector) for vector in vectors.numpy()]), abs=1e-6)
    assert float(found[0].norm()) == pytest.approx(25 / 26)


def test_the_logit_of_a_length_has_it_as_its_logistic_function():
    sums = torch.tensor([[3.0, 4.0], [0.3, -0.4], [1e-3, 0.0], [0.0, 0.0], [300.0, 400.0]])
    lengths = squash(sums).norm(dim=-1)
    assert torch.allclose(torch.sigmoid(length_logits(sums)), lengths, atol=1.01e-4)
    assert float(length_logits(sums)[0]) == pytest.approx(np.log(25), abs=1e-5)
    assert float(length_logits(sums)[3]) == pytest.approx(np.log(1e-4))


@pytest.mark.parametrize("rounds", [1, 2, 3, 5])
def test_routing_is_the_paper_s_procedure(rounds):
    predictions = torch.randn(3, 7, 4, 5, generator=torch.Generator().manual_seed(0))
    expected = np.stack([routed(one, rounds=rounds) for one in predictions.double().numpy()])
    assert route(predictions, rounds=rounds).numpy() == pytest.approx(expected, abs=1e-5)


def test_routing_finds_those_that_agree():
    """Six capsules say the same of the first above, and contradict each other on the second."""
    predictions = torch.zeros(1, 6, 2, 2)
    predictions[0, :, 0] = torch.tensor([1.0, 0.0])
    predictions[0, :, 1, 1] = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    lengths = [route(predictions, rounds=rounds).norm(dim=-1)[0].tolist() for rounds in (1, 3)]
    assert lengths[1][0] > lengths[0][0]
    assert lengths[1][1] < 0.05


@pytest.mark.parametrize(("size", "kernel", "rounds"), [((5, 4), 3, 3), ((6, 7), 5, 2), ((2, 2), 1, 1)])
def test_locally_constrained_routing_is_the_paper_s_algorithm(size, kernel, rounds):
    torch.manual_seed(1)
    layer = LocalCapsules(kinds=3, below=2, above=4, numbers=5, kernel=kernel, rounds=rounds)
    grid = squash(torch.randn(2, 3, 2, *size), dim=2)
    weights = layer.votes.weight.detach().reshape(3, 4, 5, 2, kernel, kernel).double().numpy()
    expected = np.stack([locally_routed(one, weights=weights, rounds=rounds) for one in grid.double().numpy()])
    assert layer(grid).detach().numpy() == pytest.approx(expected, abs=1e-5)


def test_local_capsules_start_with_weights_that_keep_short_ones_from_vanishing():
    torch.manual_seed(0)
    layer = LocalCapsules(kinds=16, below=8, above=8, numbers=16, kernel=5, rounds=1)
    grid = torch.randn(2, 16, 8, 20, 20)
    grid = grid / grid.norm(dim=2, keepdim=True) / 4
    inner = layer(grid).detach()[..., 2:-2, 2:-2].norm(dim=2)
    assert 0.4 < float(inner.mean()) < 0.6


def test_what_cannot_be_routed_is_refused():
    with pytest.raises(UsageError, match="at least one round"):
        routed_sums(torch.zeros(1, 1, 1, 1), rounds=0)
    with pytest.raises(UsageError, match="an odd kernel"):
        LocalCapsules(kinds=1, below=1, above=1, numbers=1, kernel=4, rounds=1)

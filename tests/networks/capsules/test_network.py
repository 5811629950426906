from dataclasses import replace

import pytest
import torch

from hilum.errors import UsageError
from hilum.networks.capsules.network import (
    CapsuleNetwork,
    CapsuleShape,
    Dense,
    LocallyConstrained,
    Painter,
    Painting,
    SharedPairs,
)
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.export.to_onnx import classifier_to_onnx, noise
from hilum.training.recipe.freezing import blocks_of

SMALL = CapsuleShape(side=28, channels=6, kinds=4, below=3, above=5)
LOCAL = LocallyConstrained(layers=2, kinds=3, numbers=4, kernel=3)
ROUTINGS = [Dense(), SharedPairs(window=3), LOCAL]


def test_the_paper_s_shape_has_1152_capsules_of_8_numbers():
    shape = CapsuleShape()
    assert (shape.places, shape.routed, shape.numbers) == (6, 1152, 8)
    assert CapsuleShape(side=56).routed == 32 * 20 * 20
    assert CapsuleShape(side=224).routed == 346_112


def test_local_layers_halve_the_places():
    shape = CapsuleShape(side=224, stride=2, padded=True, routing=LocallyConstrained(layers=3, kinds=8, numbers=16))
    assert (shape.places, shape.routed, shape.numbers) == (56, 8 * 7 * 7, 16)
    assert [replace(shape, side=side).places for side in (112, 113, 28, 1)] == [28, 29, 7, 1]
    network = CapsuleNetwork(replace(SMALL, routing=LOCAL), labels=2)
    assert network.grid(torch.rand(2, 1, 28, 28)).shape == (2, 3, 4, 2, 2)
    assert network.pairs.shape == (3 * 2 * 2, 2, 4, 5)


@pytest.mark.parametrize("routing", ROUTINGS)
def test_a_network_gives_a_logit_for_each_label_and_learns(routing):
    torch.manual_seed(0)
    network = CapsuleNetwork(replace(SMALL, routing=routing), labels=3, inputs=2)
    pictures = torch.rand(2, 2, 28, 28)
    capsules = network.capsules(pictures)
    assert capsules.shape == (2, 3, 5)
    logits = network(pictures)
    assert torch.allclose(torch.sigmoid(logits), capsules.norm(dim=-1), atol=1.01e-4)
    logits.sum().backward()
    assert all(bool(one.grad.abs().sum() > 0) for one in network.parameters())


@pytest.mark.parametrize(("side", "stride"), [(28, 1), (29, 2), (31, 3)])
@pytest.mark.parametrize("padded", [False, True])
def test_places_are_those_that_the_convolutions_leave(side, stride, padded):
    shape = replace(SMALL, side=side + 8, stride=stride, padded=padded)
    network = CapsuleNetwork(shape, labels=1)
    assert network.grid(torch.rand(1, 1, side + 8, side + 8)).shape[-2:] == (shape.places, shape.places)


def test_each_capsule_of_the_grid_predicts_by_its_own_weights():
    torch.manual_seed(0)
    network = CapsuleNetwork(SMALL, labels=2)
    grid = network.grid(torch.rand(1, 1, 28, 28))
    found = network.predictions(grid)
    assert grid.norm(dim=2).max() < 1
    for place, (kind, row, column) in {0: (0, 0, 0), 36 + 6 * 2 + 5: (1, 2, 5), 143: (3, 5, 5)}.items():
        for label in range(2):
            expected = grid[0, kind, :, row, column] @ network.pairs[place, label]
            assert torch.allclose(found[0, place, label], expected, atol=1e-6)


def test_a_shared_pair_is_each_place_s_own_where_they_are_all_alike():
    torch.manual_seed(0)
    shared = CapsuleNetwork(replace(SMALL, routing=SharedPairs()), labels=3)
    own = CapsuleNetwork(SMALL, labels=3)
    state = shared.state_dict()
    own.load_state_dict(state | {"pairs": state["pairs"].repeat_interleave(36, dim=0)})
    pictures = torch.rand(2, 1, 28, 28)
    assert torch.allclose(own.capsules(pictures), shared.capsules(pictures), atol=1e-6)
    assert shared.pairs.numel() * 36 == own.pairs.numel()


def test_a_window_routes_the_mean_prediction_of_its_places():
    torch.manual_seed(0)
    wide = replace(SMALL, routing=SharedPairs(window=3))
    network = CapsuleNetwork(wide, labels=2)
    grid = network.grid(torch.rand(1, 1, 28, 28))
    every = torch.einsum("ntdp,tldk->ntplk", grid.flatten(3), network.pairs)  # (1, 4, 36, 2, 5)
    squares = every.reshape(1, 4, 2, 3, 2, 3, 2, 5).mean(dim=(3, 5)).reshape(1, 16, 2, 5)
    assert wide.routed == 16
    assert torch.allclose(network.predictions(grid), squares, atol=1e-6)


def test_several_planes_that_are_alike_are_read_as_one():
    torch.manual_seed(0)
    one = CapsuleNetwork(SMALL, labels=2)
    picture = torch.rand(1, 1, 28, 28)
    assert torch.allclose(one.reading(3)(picture.expand(-1, 3, -1, -1)), one(picture), atol=1e-5)
    assert torch.equal(one.reading(1)(picture), one(picture))


def test_a_grid_is_a_feature_map_whose_layers_can_be_frozen():
    torch.manual_seed(0)
    network = PooledClassifier("capsnet", labels=2)
    features = network.features(torch.rand(1, 3, 64, 64))
    assert features.shape == (1, 8 * 16, 2, 2)
    assert network.grid((224, 224)) == (7, 7)
    lengths = features.unflatten(1, (8, 16)).norm(dim=2)
    assert bool((lengths < 1).all())
    assert len(blocks_of(network.backbone)) == 4  # both convolutions, and three grids
    network(torch.rand(2, 3, 64, 64)).sum().backward()
    assert all(bool(one.grad.abs().sum() > 0) for one in network.parameters())


@pytest.mark.slow
def test_the_graph_of_a_classifier_of_capsules_gives_its_logits_and_maps():
    network = PooledClassifier("capsnet", labels=2)
    assert len(classifier_to_onnx(network, example=noise(3, 64, 64))) > 1_000_000  # compared with torch there


def painter_of(network: CapsuleNetwork, **changes) -> Painter:
    painting = Painting(**{"capsules": "present", "hidden": (8, 8), **changes})
    return Painter(painting, labels=network.labels, above=network.shape.above)


def test_a_picture_is_painted_from_the_capsules_that_are_there_alone():
    torch.manual_seed(0)
    painter = painter_of(CapsuleNetwork(SMALL, labels=3))
    capsules = torch.rand(1, 3, 5)
    targets = torch.tensor([[1.0, 0.0, torch.nan]])
    painted = painter(capsules, targets)
    assert painted.shape == (1, 1, 28, 28)
    other = capsules.clone()
    other[:, 1:] = 9.0
    assert torch.equal(painter(other, targets), painted)


def test_painted_from_all_capsules_targets_change_nothing():
    torch.manual_seed(0)
    painter = painter_of(CapsuleNetwork(SMALL, labels=3), capsules="all")
    capsules = torch.rand(2, 3, 5)
    assert torch.equal(painter(capsules, torch.zeros(2, 3)), painter(capsules, torch.ones(2, 3)))


def test_what_is_painted_is_compared_with_the_picture_made_as_small():
    torch.manual_seed(0)
    painter = painter_of(CapsuleNetwork(SMALL, labels=3), side=7)
    capsules, targets, pictures = torch.rand(2, 3, 5), torch.ones(2, 3), torch.rand(2, 1, 28, 28)
    small = pictures.reshape(2, 1, 7, 4, 7, 4).mean(dim=(3, 5))
    expected = ((painter(capsules, targets) - small) ** 2).sum(dim=(1, 2, 3))
    assert torch.allclose(painter.differences(capsules, targets, pictures), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"side": 16}, "at least 17 pixels"),
        ({"side": 24, "stride": 2}, "at least 25 pixels"),
        ({"rounds": 0}, "counts from 1 on"),
        ({"routing": SharedPairs(window=4)}, "a window that divides the 6 places"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(changes, said):
    with pytest.raises(UsageError, match=said):
        CapsuleShape(**changes)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: SharedPairs(window=0), "a window from 1 on"),
        (lambda: LocallyConstrained(layers=0), "layers, kinds and numbers"),
        (lambda: LocallyConstrained(kernel=4), "an odd kernel"),
        (lambda: Painting(weight=0.0), "or no painting"),
        (lambda: Painting(side=0), "a painted side"),
        (lambda: CapsuleNetwork(SMALL, labels=0), "labels >= 1"),
    ],
)
def test_parts_that_cannot_be_are_refused(make, said):
    with pytest.raises(UsageError, match=said):
        make()

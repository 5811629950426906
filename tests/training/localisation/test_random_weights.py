"""The cascade: what is random at each step, and that nothing else is."""

import itertools

import torch

from fabricate_torch_bundle import random_network
from hilum.training.localisation.random_weights import cascade


def changed(first: torch.nn.Module, second: torch.nn.Module) -> set[str]:
    """The parameters that differ."""
    own = dict(second.named_parameters())
    return {name for name, value in first.named_parameters() if not torch.equal(value, own[name])}


def test_weights_become_random_from_the_top_down() -> None:
    network = random_network("resnet18", labels=2, seed=3)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    steps = dict(cascade(network, seed=1))
    names = list(steps)
    assert names[0] == "linear layer"
    assert names[-1] == "linear layer and last 5 of 5 blocks"
    found = [changed(network, made) for made in steps.values()]
    assert found[0] == {"head.weight", "head.bias"}
    for fewer, more in itertools.pairwise(found):
        assert fewer < more
    assert {name for name in found[1] if name.startswith("backbone.layer1")} == set()
    assert "backbone.conv1.weight" in found[-1]
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items()), "the network stays"
    again = dict(cascade(network, seed=1))
    assert all(not changed(steps[name], again[name]) for name in names)
    first, last = (made.head.weight for made in (steps[names[0]], steps[names[-1]]))
    assert torch.equal(first, last), "the same seed gives the same weights, however many are random"

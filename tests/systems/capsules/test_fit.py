from dataclasses import replace

import pytest
import torch

from fabricate_chest_table import LABELS
from hilum.errors import DataError
from hilum.networks.capsules.network import Painting
from hilum.networks.starting_weights import RandomWeights, WeightsFile
from hilum.systems.capsules.fit import check_capsules, new_capsules, start_capsules
from hilum.systems.capsules.recipe import capsules, smoke
from hilum.training.loop.checkpoints import save_weights

SMALL = smoke(capsules(RandomWeights()))


@pytest.fixture
def file(tmp_path):
    torch.manual_seed(9)
    network = new_capsules(replace(SMALL, seed=9), labels=2)
    path = tmp_path / "weights.safetensors"
    save_weights(path, state=network.state_dict(), about={"started_from": "random"})
    return path, network


def test_random_weights_follow_from_the_seed_and_leave_the_generator():
    before = torch.random.get_rng_state()
    one, other = (new_capsules(SMALL, labels=2).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert start_capsules(new_capsules(SMALL, labels=2), weights=RandomWeights()) == "random"


def test_weights_of_another_run_are_taken_and_what_paints_where_it_is_the_same(file):
    path, given = file
    network = new_capsules(SMALL, labels=2)
    said = start_capsules(network, weights=WeightsFile(path))
    assert said.startswith("capsules: weights.safetensors (sha256 ")
    assert all(torch.equal(tensor, given.state_dict()[name]) for name, tensor in network.state_dict().items())
    smaller = replace(SMALL, painting=Painting(side=14))
    start_capsules(new_capsules(smaller, labels=2), weights=WeightsFile(path))


def test_weights_of_other_capsules_are_refused_before_anything_is_decoded(file, tmp_path):
    path, _ = file
    stage = replace(SMALL.last, start=WeightsFile(path), labels=("a", "b", "c"))
    with pytest.raises(DataError, match=r"differs at network\.pairs"):
        check_capsules(SMALL, stage=stage, folder=tmp_path / "run")
    with pytest.raises(DataError, match="does not hold the weights of a finished stage"):
        check_capsules(
            SMALL, stage=replace(stage, labels=LABELS, start=WeightsFile(tmp_path / "none")), folder=tmp_path
        )

"""What trained networks say becomes half of a label, or all of one that is not there."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fabricate_kermany import fabricate_kermany
from hilum.datasets.releases.kermany import read_kermany
from hilum.errors import DataError
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.chest14.recipe import chest14_local
from hilum.training.data.images import IN_MEMORY
from hilum.training.loop.checkpoints import WEIGHTS, save_weights
from hilum.training.loop.stages import new_network
from hilum.training.taught import said_by, taught


def test_a_label_is_half_its_own_and_half_what_is_said_and_an_absent_one_what_is_said(tmp_path: Path) -> None:
    (record, *_) = read_kermany(fabricate_kermany(tmp_path / "x", train=2, test=1))
    records = [
        replace(record, labels={"a": 1.0, "b": math.nan, "other": 0.0}),
        replace(record, labels={}),
    ]
    found = taught(records, labels=("a", "b"), said=np.array([[0.5, 0.25], [0.75, 0.125]]))
    assert [one.labels for one in found] == [{"a": 0.75, "b": 0.25, "other": 0.0}, {"a": 0.75, "b": 0.125}]
    assert [replace(one, labels={}) for one in found] == [replace(one, labels={}) for one in records]


def test_a_trained_network_says_its_probabilities(tmp_path: Path) -> None:
    recipe = chest14_local(RandomWeights())
    records = read_kermany(fabricate_kermany(tmp_path / "x", train=2, test=1))
    with pytest.raises(DataError, match="does not hold the weights of a finished stage"):
        said_by(recipe, folder=tmp_path, records=records, preparation=IN_MEMORY)
    stage = recipe.last
    network = new_network(recipe, stage=stage)
    with torch.no_grad():
        network.head.weight.zero_()
        network.head.bias.copy_(torch.linspace(-3.0, 3.0, len(stage.labels)))
    (tmp_path / stage.name).mkdir()
    save_weights(tmp_path / stage.name / WEIGHTS, state=network.state_dict(), about={"started_from": "nothing"})
    said = said_by(recipe, folder=tmp_path, records=records, preparation=IN_MEMORY)
    expected = 1.0 / (1.0 + np.exp(-np.linspace(-3.0, 3.0, len(stage.labels))))
    np.testing.assert_allclose(said, np.broadcast_to(expected, (len(records), len(stage.labels))), atol=1e-6)

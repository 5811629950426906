"""A gate that has been trained to its end is not trained again, and needs no starting weights any more."""

from pathlib import Path

import pytest
import safetensors.torch
import torch

from fabricate_gate_data import write_gate_data
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import WeightsFile
from hilum.systems.gate.data.releases import read_gate_data
from hilum.systems.gate.fit import fit_gate
from hilum.systems.gate.pictures import load_pictures
from hilum.systems.gate.shipped import gate, smoke
from hilum.training.recipe.machine import Machine


@pytest.mark.slow
def test_where_it_has_ended_the_starting_weights_are_remembered_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "start.safetensors"
    safetensors.torch.save_file(PooledClassifier("mobilenet_v2", labels=1).state_dict(), path)
    recipe = smoke(gate(WeightsFile(path)))
    pictures = load_pictures(read_gate_data(write_gate_data(tmp_path / "data")).records, spec=recipe.preprocess)
    first = fit_gate(recipe, pictures=pictures, folder=tmp_path / "run", machine=Machine())
    path.unlink()
    again = fit_gate(recipe, pictures=pictures, folder=tmp_path / "run", machine=Machine())
    assert again.started_from == first.started_from
    assert first.started_from.startswith("mobilenet_v2: start.safetensors (sha256 ")
    after = again.network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in first.network.state_dict().items())

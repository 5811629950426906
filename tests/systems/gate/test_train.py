"""A gate ships with the figures of its own training's study, and with those of no other."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_gate import SPEC
from hilum.errors import UsageError
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.gate.shipped import gate
from hilum.systems.gate.train import train_gate_on
from hilum.training.recipe.settings import flat_values
from hilum.training.records.request import TrainRequest
from hilum.training.records.study_folder import StudyFolder

RECIPE = gate(RandomWeights())


@pytest.mark.parametrize(
    ("smoke", "recipe", "said"),
    [
        (False, replace(RECIPE, epochs=3), "epochs is 9 in the study in .* and 3 here"),
        (True, RECIPE, "holds a test run of the study"),
        (False, RECIPE, "gate takes --data gate=FOLDER once"),
    ],
)
def test_a_study_of_another_training_is_refused(tmp_path: Path, smoke: bool, recipe: object, said: str) -> None:
    """The last one is taken, so that the data are asked for."""
    (tmp_path / "study.json").write_text(json.dumps({"spec": SPEC.model_dump(mode="json")}))
    (tmp_path / "run.json").write_text(json.dumps({"smoke": smoke, "settings": flat_values(RECIPE)}))
    request = TrainRequest(name="gate", data=(), out=tmp_path / "run")
    with pytest.raises(UsageError, match=said):
        train_gate_on(recipe, request=request, own=StudyFolder(study=tmp_path))

"""The adult's chest ships with the figures of its own study, and only where that says so."""

import json
from pathlib import Path

import pytest

from fabricate_lungs import write_lung_bundle
from hilum.errors import UsageError
from hilum.evaluation.study.as_json import SCHEMA
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.chest14.recipe import chest14_local
from hilum.systems.chest_adult.recipe import NAME, chest_adult
from hilum.systems.chest_adult.train import AdultOptions, train_adult_on
from hilum.training.recipe.settings import flat_values
from hilum.training.records.request import TrainRequest

RECIPE = chest_adult(chest14_local(RandomWeights()))


@pytest.mark.parametrize(
    ("smoke", "settings", "said"),
    [
        (True, {}, r"holds a test run of the study \(--smoke\). Run the whole study"),
        (False, {"folds": 3}, "folds is 3 in the study in .* and 5 here"),
        (False, {}, "says that no model may ship: no finding has earned a decision"),
    ],
)
def test_what_must_not_ship_is_refused(tmp_path: Path, smoke: bool, settings: dict[str, int], said: str) -> None:
    lungs = write_lung_bundle(tmp_path / "lungs")
    ships = {"ships": False, "why_not": "no finding has earned a decision"}
    (tmp_path / "study.json").write_text(json.dumps({"schema": SCHEMA, "study": NAME, "sections": {"ships": ships}}))
    record = {"smoke": smoke, "settings": {**flat_values(RECIPE), **settings}, "lungs_sha256": lungs.sha256}
    (tmp_path / "run.json").write_text(json.dumps(record))
    own = AdultOptions(study=tmp_path, lungs=str(lungs.folder))
    with pytest.raises(UsageError, match=said):
        train_adult_on(RECIPE, request=TrainRequest(name=NAME, data=(), out=tmp_path / "run"), own=own)

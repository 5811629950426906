"""What draws lungs ships with the figures of its own arm of the study, and with those of no other training."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_lungs import SPEC
from hilum.errors import UsageError
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.lungs.shipped import lungs_all, lungs_free
from hilum.systems.lungs.study.study import LungArm, LungStudy, write_lung_study
from hilum.systems.lungs.train import train_lungs_on
from hilum.training.recipe.settings import flat_values
from hilum.training.records.request import TrainRequest
from hilum.training.records.study_folder import StudyFolder

FREE, ALL = lungs_free(RandomWeights()), lungs_all(RandomWeights())


@pytest.mark.parametrize(
    ("smoke", "recipe", "said"),
    [
        (False, replace(FREE, epochs=3), "epochs is 16 in the study in .* and 3 here"),
        (False, replace(FREE, sampler=ALL.sampler), "sampler.shares.* in the study in .* here"),
        (True, FREE, "holds a test run of the study"),
        (False, FREE, "lungs takes --data lungs=FOLDER once"),
        (False, ALL, "lungs takes --data lungs=FOLDER once"),
    ],
)
def test_a_study_of_another_training_is_refused(tmp_path: Path, smoke: bool, recipe: object, said: str) -> None:
    """The last two are taken, so that the data are asked for."""
    arm = LungArm(figures=SPEC.figures, quality=SPEC.quality, ratio_error=None, trust=(), worst={})
    made = LungStudy(arms={"all": arm, "free": arm}, differences=(), split_sha256="0" * 64, protocol="fabricated")
    write_lung_study(made, folder=tmp_path)
    settings = {f"{one.arm}.{key}": value for one in (FREE, ALL) for key, value in flat_values(one).items()}
    (tmp_path / "run.json").write_text(json.dumps({"smoke": smoke, "settings": settings}))
    request = TrainRequest(name="lungs", data=(), out=tmp_path / "run")
    with pytest.raises(UsageError, match=said):
        train_lungs_on(recipe, request=request, own=StudyFolder(study=tmp_path))

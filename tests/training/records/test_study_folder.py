"""A study whose figures a training takes must have been of that very training."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from hilum.errors import UsageError
from hilum.training.records.study_folder import checked_study


@dataclass(frozen=True)
class Part:
    shares: tuple[float, ...] = (0.5, 0.5)


@dataclass(frozen=True)
class Recipe:
    epochs: int = 9
    part: Part = Part()


SETTINGS = {"epochs": 9, "part.shares": [0.5, 0.5]}


def study(folder: Path, *, smoke: bool = False, **settings: object) -> Path:
    (folder / "run.json").write_text(json.dumps({"smoke": smoke, "settings": settings or SETTINGS}))
    return folder


def test_the_study_of_this_training_is_taken(tmp_path: Path) -> None:
    assert checked_study(study(tmp_path), recipe=Recipe(), smoke=False).settings == SETTINGS
    assert checked_study(study(tmp_path, smoke=True), recipe=Recipe(), smoke=True).smoke


def test_a_test_run_beside_a_whole_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds a test run of the study \(--smoke\). Run the whole study"):
        checked_study(study(tmp_path, smoke=True), recipe=Recipe(), smoke=False)


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (Recipe(epochs=3), "epochs is 9 in the study in .* and 3 here, so its figures would be of another training"),
        (Recipe(part=Part((0.7, 0.3))), r"part.shares is \[0.5, 0.5\] in the study in .* and \[0.7, 0.3\] here"),
        (Part(), "epochs is 9 in the study in .* and None here"),
    ],
)
def test_other_settings_are_refused(tmp_path: Path, recipe: object, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        checked_study(study(tmp_path), recipe=recipe, smoke=False)


def test_of_several_arms_the_recipes_own_counts(tmp_path: Path) -> None:
    both = {f"free.{key}": value for key, value in SETTINGS.items()} | {"all.epochs": 3, "all.part.shares": [0.5, 0.5]}
    folder = study(tmp_path, **both)
    checked_study(folder, recipe=Recipe(), smoke=False, arm="free")
    checked_study(folder, recipe=Recipe(epochs=3), smoke=False, arm="all")
    with pytest.raises(UsageError, match="epochs is 3 in the study"):
        checked_study(folder, recipe=Recipe(), smoke=False, arm="all")
    with pytest.raises(UsageError, match=r"does not tell the settings of other. Run the study"):
        checked_study(folder, recipe=Recipe(), smoke=False, arm="other")


def test_a_study_that_says_nothing_of_its_training_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no run.json, so that nothing says what its figures are of"):
        checked_study(tmp_path, recipe=Recipe(), smoke=False)

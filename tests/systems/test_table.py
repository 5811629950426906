from pathlib import Path

import pytest

from hilum.datasets.read_releases import OWN
from hilum.datasets.releases.table import RELEASES
from hilum.errors import UsageError
from hilum.findings import finding
from hilum.networks.pooled_classifier import BACKBONES
from hilum.networks.starting_weights import RandomWeights
from hilum.option import words_of
from hilum.systems import table
from hilum.systems.attention.recipe import AttentionRecipe
from hilum.systems.capsules.recipe import CapsuleRecipe
from hilum.systems.table import STUDIES, TRAININGS, study, train, training_of
from hilum.training.own.recipe import LABELS_OF_DATA
from hilum.training.recipe.ensemble import EnsembleRecipe
from hilum.training.recipe.recipe import Recipe
from hilum.training.records.request import StudyRequest, TrainRequest
from hilum.training.train_classifier import ClassifierOptions

MADE = {name: row.make(RandomWeights()) for name, row in TRAININGS.items()}
CLASSIFIERS = {
    member.name if member is one else f"{name}, {member.name}": member
    for name, one in MADE.items()
    if isinstance(one, Recipe | EnsembleRecipe)
    for member in (one.members if isinstance(one, EnsembleRecipe) else [one])
}


@pytest.mark.parametrize("recipe", CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_every_recipe_names_a_backbone_releases_and_labels_that_exist(recipe: Recipe) -> None:
    assert recipe.backbone in BACKBONES or isinstance(recipe, CapsuleRecipe)  # which is made of its shape
    assert set(recipe.releases) <= set(RELEASES)
    assert all(RELEASES[name].licence or name in OWN for name in recipe.card.releases)
    for stage in recipe.stages:
        assert stage.labels == LABELS_OF_DATA or [finding(one).name for one in stage.labels] == list(stage.labels)


@pytest.mark.parametrize("row", [*TRAININGS.values(), *STUDIES.values()], ids=[*TRAININGS, *STUDIES])
def test_every_options_have_defaults_and_every_row_a_line_of_help(row) -> None:
    assert words_of(row.own()) == []
    assert row.help.endswith(".")
    assert "\n" not in row.help


def test_a_name_that_is_none_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Unknown recipe 'nothing'. Available: classify, .*, or a file of your own"):
        train(TrainRequest(name="nothing", data=(), out=tmp_path))
    with pytest.raises(UsageError, match=r"Unknown study 'nothing'. Available: gate, "):
        study(StudyRequest(name="nothing", data=(), out=tmp_path))
    with pytest.raises(UsageError, match="The study gate-paper5 is now called gate-urinbayev"):
        study(StudyRequest(name="gate-paper5", data=(), out=tmp_path))


def test_settings_that_are_set_win_over_those_of_a_smoke_run(tmp_path: Path) -> None:
    asked = TrainRequest(name="gate", data=(), out=tmp_path, weights="random", smoke=True, settings=("epochs=7",))
    recipe = training_of("gate").recipe(asked)
    assert (recipe.epochs, recipe.batch_size) == (7, 4)


def test_a_file_that_returns_two_looks_trains_two_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a recipe of a classifier by its type, and would be trained as the network of the picture alone."""
    path = tmp_path / "mine.py"
    path.write_text(
        "from hilum.systems.attention.recipe import attention_local\n\n\n"
        "def recipe(starting_weights):\n    return attention_local(starting_weights)\n"
    )
    given = {}
    monkeypatch.setattr(table, "train_attention_on", lambda recipe, **named: given.update(named, recipe=recipe))
    asked = TrainRequest(name=str(path), data=(), out=tmp_path, weights="random", smoke=True)
    train(asked, own=ClassifierOptions(title="Mine", bad_files="skip"))
    assert isinstance(given["recipe"], AttentionRecipe)
    assert given["recipe"].look_px < MADE["attention-local"].look_px, "made small as it is by name"
    assert (given["own"].title, given["own"].bad_files, given["own"].crop_weights) == ("Mine", "skip", None)

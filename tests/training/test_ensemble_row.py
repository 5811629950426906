"""An ensemble as a row of what `hilum train` knows by name: settings, a smoke run, and the bundle."""

from pathlib import Path

import pytest

from fabricate_recipe import fabricate_labelled_table, tiny_ensemble
from hilum.progress import SILENT
from hilum.systems.table import Training
from hilum.training.ensemble import train_ensemble
from hilum.training.recipe.smoke import smoke_ensemble
from hilum.training.recipe.with_settings import shown_settings
from hilum.training.records.request import TrainRequest
from hilum.training.train_classifier import ClassifierOptions

ROW = Training(
    help="Two tiny networks.",
    make=lambda start: tiny_ensemble(start=start),
    small=smoke_ensemble,
    run=train_ensemble,
    own=ClassifierOptions,
)


@pytest.mark.slow
def test_a_row_of_an_ensemble_takes_settings_and_runs_small(tmp_path: Path) -> None:
    data = fabricate_labelled_table(tmp_path / "table", patients=40)
    asked = TrainRequest(
        name="tiny-ensemble",
        data=(("table", data),),
        out=tmp_path / "out",
        weights="random",
        smoke=True,
        settings=("optimizer.lr=1e-3", "mobilenet.epochs=1", "precision=32-true"),
    )
    recipe = ROW.recipe(asked)
    shown = shown_settings(recipe)
    assert (shown["squeezenet.epochs"], shown["mobilenet.epochs"]) == (2, 1)
    assert shown["squeezenet.optimizer.learning_rate"] == shown["mobilenet.optimizer.learning_rate"] == 1e-3
    bundle = ROW.run(recipe, request=asked, own=ROW.own(), progress=SILENT)
    assert bundle is not None
    assert bundle.card.smoke
    assert bundle.card.protocol.startswith("SMOKE ")
    assert "--smoke" in bundle.card.training.command
    assert bundle.card.training.recipe["members.mobilenet.stages.train.epochs"] == 1

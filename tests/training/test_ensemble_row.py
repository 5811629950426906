"""An ensemble in a recipe's file of one's own: settings, a smoke run, and the bundle."""

from pathlib import Path

import pytest

from fabricate_recipe import fabricate_labelled_table
from hilum.systems.table import train, training_of
from hilum.training.recipe.with_settings import shown_settings
from hilum.training.records.request import TrainRequest

FILE = "from fabricate_recipe import tiny_ensemble\ndef recipe(weights):\n    return tiny_ensemble(start=weights)\n"


@pytest.mark.slow
def test_a_file_of_an_ensemble_takes_settings_and_runs_small(tmp_path: Path) -> None:
    data = fabricate_labelled_table(tmp_path / "table", patients=40)
    mine = tmp_path / "mine.py"
    mine.write_text(FILE)
    asked = TrainRequest(
        name=str(mine),
        data=(("table", data),),
        out=tmp_path / "out",
        weights="random",
        smoke=True,
        settings=("optimizer.lr=1e-3", "mobilenet.epochs=1", "precision=32-true"),
    )
    shown = shown_settings(training_of(asked.name).recipe(asked))
    assert (shown["squeezenet.epochs"], shown["mobilenet.epochs"]) == (2, 1)
    assert shown["squeezenet.optimizer.learning_rate"] == shown["mobilenet.optimizer.learning_rate"] == 1e-3
    bundle = train(asked)
    assert bundle is not None
    assert bundle.card.smoke
    assert bundle.card.protocol.startswith("SMOKE ")
    assert "--smoke" in bundle.card.training.command
    assert bundle.card.training.recipe["members.mobilenet.stages.train.epochs"] == 1

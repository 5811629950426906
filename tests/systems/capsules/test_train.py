"""Capsules on fabricated chests, to the bundle that reads."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fabricate_chest_table import LABELS, fabricate_chest_table
from hilum.bundle.load import Bundle, load_bundle
from hilum.cli.main import app
from hilum.errors import UsageError
from hilum.networks.starting_weights import RandomWeights
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.systems.capsules.recipe import CapsuleRecipe, capsules, capsules_large, smoke
from hilum.systems.capsules.train import train_capsules_on
from hilum.training.recipe.recipe import SplitSpec
from hilum.training.records.request import TrainRequest

MAKERS = {"capsules": capsules, "capsules-large": capsules_large}


@dataclass(frozen=True)
class Trained:
    recipe: CapsuleRecipe
    request: TrainRequest
    bundle: Bundle
    image: Path


def on_the_table(recipe: CapsuleRecipe) -> CapsuleRecipe:
    """The recipe made small, for a table's two labels."""
    split = SplitSpec(shares={"train": 0.7, "validation": 0.3})
    return replace(recipe, stages=(replace(recipe.last, releases=("table",), labels=LABELS, split=split),))


@pytest.fixture(scope="module", params=list(MAKERS))
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp(request.param)
    data = fabricate_chest_table(folder / "data", patients=24)
    recipe = on_the_table(smoke(MAKERS[request.param](RandomWeights())))
    asked = TrainRequest(name=request.param, data=(("table", data),), out=folder / "run", weights="random")
    bundle = train_capsules_on(recipe, request=asked)
    assert bundle is not None
    return Trained(recipe, asked, bundle, next(data.glob("*.png")))


@pytest.mark.slow
def test_the_card_is_a_classifier_s_that_says_how_its_heatmaps_are_made(trained: Trained) -> None:
    card = load_bundle(trained.bundle.folder).card
    assert (card.kind, card.architecture) == ("classifier", "capsules")
    assert card.heatmap.method == "occlusion"
    shape = trained.recipe.shape
    assert card.architecture_arguments["side"] == shape.side
    assert card.architecture_arguments["routing.kind"] == type(shape.routing).__name__
    assert card.training.recipe["painting.weight"] == 0.0005
    assert card.preprocess.output_size == (shape.side, shape.side)
    curves = (trained.request.out / "train" / "log" / "metrics.csv").read_text(encoding="utf-8")
    assert "validation/painting_loss" in curves


@pytest.mark.slow
def test_a_reading_has_findings_and_heatmaps_by_occlusion(trained: Trained) -> None:
    reader = Reader(models=[trained.bundle], settings=ReaderSettings(heatmaps="all"))
    examination = reader.examine(trained.image)
    assert [finding.name for finding in examination.reading.findings] == list(LABELS)
    maps = {heatmap.finding: heatmap.grid for heatmap in examination.heatmaps}
    assert all(grid.shape == (14, 14) and np.isfinite(grid).all() for grid in maps.values())


@pytest.mark.slow
def test_the_command_reads_with_it(trained: Trained, tmp_path: Path) -> None:
    words = ["read", str(trained.image), "--model", str(trained.bundle.folder), "--no-gate", "--force-type", "chest"]
    result = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out")])
    assert result.exit_code in (0, 1), result.stderr
    (line,) = (tmp_path / "out" / "readings.jsonl").read_text(encoding="utf-8").splitlines()
    assert [finding["name"] for finding in json.loads(line)["findings"]] == list(LABELS)


@pytest.mark.slow
def test_the_same_training_takes_the_bundle_as_it_is_and_another_is_refused(trained: Trained) -> None:
    before = (trained.bundle.folder / "card.json").stat().st_mtime_ns
    assert train_capsules_on(trained.recipe, request=trained.request) is not None
    assert (trained.bundle.folder / "card.json").stat().st_mtime_ns == before
    other = replace(trained.recipe, heatmap="none")
    with pytest.raises(UsageError, match="holds another run: its heatmap is occlusion, here none"):
        train_capsules_on(other, request=trained.request)


def test_the_command_shows_what_can_be_set() -> None:
    result = CliRunner().invoke(app, ["train", "capsules", "--show-settings", "--set", "shape.side=56"])
    assert result.exit_code == 0, result.stderr
    assert "shape.side=56" in result.stdout
    assert "loss.kind=MarginLoss" in result.stdout

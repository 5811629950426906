"""The card of a network that one's own images made, from the command line to what every reader sees."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fabricate_recipe import fabricate_labelled_table
from hilum.bundle.load import load_bundle
from hilum.cli.main import app
from hilum.training.records.card_words import NOT_STATED

NEVER = ("ChestX-ray14", "NIH", "Wang", "ourteen findings", "MobileNet", "DenseNet")


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`hilum train chest14-local` on a table, two labels, another network, random weights: only the recipe's steps."""
    folder = tmp_path_factory.mktemp("own")
    data = fabricate_labelled_table(folder / "data")
    words = ("--set", "releases=table", "--set", "labels=Effusion,Nodule", "--set", "backbone=squeezenet1_1")
    done = run(
        "train", "chest14-local", *words, "--weights", "random", "--data", f"table={data}", "--smoke",
        "--cache", "none", "--licence", "CC0 1.0", "--out", folder / "run",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return folder / "run" / "bundle"


@pytest.mark.slow
def test_neither_card_nor_command_nor_page_tells_of_another_training(trained: Path, tmp_path: Path) -> None:
    card = load_bundle(trained).card
    assert card.architecture == "squeezenet1_1"
    assert card.training.starting_weights == "random"
    assert card.weights_licence.startswith("Weights: CC0 1.0, trained on images of one's own (data)")
    shown = run("models", "show", trained)
    assert shown.exit_code == 0, shown.output
    assert NOT_STATED in " ".join(shown.stdout.split())
    image = min((trained.parents[1] / "data").glob("*.png"))
    read = run("read", image, "--model", trained, "--no-gate", "--no-lungs", "--out", tmp_path / "pages")
    assert read.exit_code == 0, read.output
    page = next(path for path in (tmp_path / "pages").rglob("*.html") if path.name != "index.html").read_text()
    assert NOT_STATED in page
    for told in (shown.stdout, page, json.dumps(card.model_dump(mode="json")["training"]["data"])):
        assert [word for word in NEVER if word in told] == []


@pytest.mark.parametrize("recipe", ["gate", "lungs"])
def test_gate_and_lungs_take_no_words(recipe: str) -> None:
    refused = run("train", recipe, "--data", f"{recipe}=x", "--out", "o", "--title", "Mine", "--licence", "CC0")
    assert refused.exit_code == 2
    said = f"leave --title and --licence out: the recipe {recipe} does not take them, classify, pneumonia,"
    assert said in refused.stderr
    assert "Traceback" not in refused.output

"""A recipe that reads CheXpert says what becomes of its uncertain labels, and trains where blanks leave no negative."""

import json

import pytest
from typer.testing import CliRunner

from fabricate_releases import fabricate_chexpert_to_train
from hilum.cli.main import app

RECIPE = """
from fabricate_recipe import tiny_recipe

def recipe(starting_weights):
    return tiny_recipe(start=starting_weights, releases=("chexpert",), labels=("No Finding", "Edema"), epochs=1)
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return fabricate_chexpert_to_train(tmp_path_factory.mktemp("data") / "chexpert")


@pytest.mark.slow
def test_uncertain_labels_are_a_setting_of_the_run_and_its_protocol(release, tmp_path):
    (tmp_path / "own.py").write_text(RECIPE)
    policy = ["--set", "chexpert.uncertain=zeros", "--set", "chexpert.by_label.Edema=0.7"]
    out = tmp_path / "run"
    arguments = ["train", str(tmp_path / "own.py"), "--data", f"chexpert={release}", "--out", str(out)]
    result = CliRunner().invoke(app, [*arguments, "--weights", "random", "--cache", "none", *policy])
    assert result.exit_code == 0, result.output
    run = json.loads((out / "run.json").read_text())
    assert run["settings"]["chexpert.by_label.Edema"] == 0.7
    assert run["settings"]["chexpert.uncertain"] == "zeros"
    said = "uncertain labels of CheXpert: zeros (Edema 0.7), not mentioned: ignore"
    assert said in run["protocol"]
    card = json.loads((out / "bundle" / "card.json").read_text())
    assert {label["name"] for label in card["labels"]} == {"No Finding", "Edema"}
    evaluated = CliRunner().invoke(
        app, ["evaluate", str(out), "--data", f"chexpert={release}", "--split", "validation", "--no-gallery"]
    )
    assert evaluated.exit_code == 0, evaluated.output
    assert said in (out / "evaluation" / "validation" / "report.json").read_text()

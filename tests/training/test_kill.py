"""Killed with SIGKILL wherever it hurts, a run goes on from its last whole epoch and ends as an unbroken one."""

import json
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from die_here import PRELOADED, SERVER, Moment, run_and_kill, run_hilum
from fabricate_recipe import fabricate_labelled_table
from hilum.bundle.load import load_bundle
from hilum.cli.main import app

TWO_STAGES = """
from dataclasses import replace
from fabricate_recipe import tiny_recipe, tiny_stage
from hilum.training.recipe.recipe import FromStage


def recipe(starting_weights):
    first = tiny_stage(name="adult", start=starting_weights)
    second = tiny_stage(name="child", start=FromStage(stage="adult"))
    return replace(tiny_recipe(), stages=(first, second))
"""

MOMENTS = (
    Moment("run.json"),
    Moment("training step", call=2),  # inside the first of three epochs, two steps each
    Moment("last.ckpt"),  # the first checkpoint
    Moment("validation step"),
    Moment("training step", call=4),  # inside the second epoch
    Moment("metrics.csv"),  # at its end
    Moment("weights.safetensors"),  # between the stages
    Moment("validation step", call=2),  # in the second stage
    Moment("last.ckpt", call=2),  # the stage's last
    Moment("export"),
    Moment("model.onnx"),  # the draft of the bundle
    Moment("reading validation", call=2),
    Moment("model.onnx", call=3),  # the bundle
    Moment("rename of the bundle", call=3),
)
"""Each begins where the one before was killed."""


@pytest.fixture(scope="module", autouse=True)
def server():
    SERVER.set_forkserver_preload(PRELOADED)


def command(folder: Path, out: Path, *more: str) -> list[str]:
    words = ["train", str(folder / "two.py"), "--data", f"table={folder / 'data'}", "--weights", "random", "--smoke"]
    words += ["--set", "epochs=3"]
    return [*words, "--cache", str(folder / "cache"), "--out", str(out), *more]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("kill")
    fabricate_labelled_table(made / "data")
    (made / "two.py").write_text(TWO_STAGES)
    return made


@pytest.fixture(scope="module")
def unbroken(folder):
    assert run_hilum(command(folder, folder / "unbroken")) == 0
    return folder / "unbroken"


@pytest.mark.slow
def test_a_run_killed_at_fourteen_moments_ends_as_an_unbroken_one(folder, unbroken):
    out = folder / "broken"
    for moment in MOMENTS:
        assert run_hilum(command(folder, out), moment=moment) == -signal.SIGKILL, moment
        assert not (out / "bundle").exists(), moment
    assert run_hilum(command(folder, out)) == 0
    for file in ("adult/weights.safetensors", "child/weights.safetensors", "bundle/model.onnx", "split.json"):
        assert (out / file).read_bytes() == (unbroken / file).read_bytes(), file
    for stage in ("adult", "child"):
        curves = [(run / stage / "log" / "metrics.csv").read_bytes() for run in (out, unbroken)]
        assert curves[0] == curves[1], "every epoch stands there once"
    cards = [load_bundle(run / "bundle").card for run in (out, unbroken)]
    assert cards[0].labels == cards[1].labels
    left = [path for path in out.rglob("*") if "tmp" in path.name or path.name.startswith((".draft", ".bundle"))]
    assert not left, "what the kills left unfinished is cleared away"


@pytest.mark.slow
def test_a_finished_run_is_not_run_again(folder, unbroken):
    before = {path: path.stat().st_mtime_ns for path in unbroken.rglob("*") if path.is_file()}
    assert run_hilum(command(folder, unbroken), moment=Moment("training step")) == 0
    assert {path: path.stat().st_mtime_ns for path in unbroken.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_another_process_that_kills_from_outside_leaves_a_run_that_goes_on(folder, unbroken):
    out = folder / "outside"
    assert run_and_kill(command(folder, out), when=out / "adult" / "last.ckpt") == -signal.SIGKILL
    assert run_hilum(command(folder, out)) == 0
    weights = [(run / "child" / "weights.safetensors").read_bytes() for run in (out, unbroken)]
    assert weights[0] == weights[1]


@pytest.mark.slow
def test_another_recipe_setting_or_data_is_refused_in_the_same_folder(folder, unbroken):
    before = (unbroken / "run.json").read_bytes()
    refused = CliRunner().invoke(app, command(folder, unbroken, "--set", "optimizer.lr=0.01"))
    assert refused.exit_code == 2
    assert "holds another run: its stages.adult.optimizer.learning_rate is 0.002, here 0.01" in refused.stderr
    other = fabricate_labelled_table(folder / "other" / "data", seed=1)
    asked = [word.replace(str(folder / "data"), str(other)) for word in command(folder, unbroken)]
    refused = CliRunner().invoke(app, asked)
    assert refused.exit_code == 2
    assert "holds another run: its data is table" in refused.stderr
    assert (unbroken / "run.json").read_bytes() == before


@pytest.mark.slow
def test_a_smoke_run_says_so_everywhere(unbroken):
    assert json.loads((unbroken / "run.json").read_text())["smoke"] is True
    assert json.loads((unbroken / "split.json").read_text())["protocol"].startswith("SMOKE ")
    card = load_bundle(unbroken / "bundle").card
    assert card.protocol.startswith("SMOKE ")
    assert card.training.smoke is True

"""The crop to the lungs from the command line: as an option of any recipe, and in a fusion of two networks."""

import json
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from die_here import PRELOADED, SERVER, Moment, run_hilum
from fabricate_chest_table import fabricate_chest_table
from fabricate_lungs import write_lung_bundle
from hilum.bundle.load import load_bundle
from hilum.cli.main import app
from hilum.imaging.preprocess import CropLungs

FILE = """
from {module} import {make}


def recipe(starting_weights):
    return {make}(start=starting_weights)
"""


@pytest.fixture(scope="module", autouse=True)
def server():
    SERVER.set_forkserver_preload(PRELOADED)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("crop")
    fabricate_chest_table(made / "data", patients=40)
    for name in ("toy-lungs", "other-lungs"):
        write_lung_bundle(made / name, name=name)
    (made / "tiny.py").write_text(FILE.format(module="fabricate_recipe", make="tiny_recipe"))
    (made / "sdfn.py").write_text(FILE.format(module="fabricate_sdfn", make="tiny_sdfn"))
    return made


def command(folder: Path, recipe: str, out: str, *more: str, lungs: str = "toy-lungs") -> list[str]:
    words = ["train", str(folder / recipe), "--data", f"table={folder / 'data'}", "--weights", "random", "--smoke"]
    words += ["--lungs", str(folder / lungs), "--cache", str(folder / "cache"), "--out", str(folder / out)]
    return [*words, *more]


def train(words: list[str]):
    return CliRunner().invoke(app, words)


@pytest.mark.slow
def test_any_recipe_reads_the_crop_where_it_is_told_to(folder):
    words = command(folder, "tiny.py", "cropped", "--set", "crop_lungs=true")
    result = train(words)
    assert result.exit_code == 0, result.stderr
    assert "lungs drawn by toy-lungs: trusted in " in result.stderr
    card = load_bundle(folder / "cropped" / "bundle").card
    assert isinstance(card.preprocess.steps[0], CropLungs)
    lungs = load_bundle(folder / "toy-lungs")
    assert card.training.lungs_sha256 == lungs.sha256
    assert card.training.recipe["stages.train.crop_lungs"] is True
    assert f"--lungs {folder / 'toy-lungs'}" in json.loads((folder / "cropped" / "run.json").read_text())["command"]

    other = train(command(folder, "tiny.py", "cropped", "--set", "crop_lungs=true", lungs="other-lungs"))
    assert other.exit_code == 2
    assert f"its lungs_sha256 is {lungs.sha256}" in other.stderr

    plain = train(command(folder, "tiny.py", "plain"))
    assert plain.exit_code == 0, plain.stderr
    assert "lungs drawn" not in plain.stderr
    assert load_bundle(folder / "plain" / "bundle").card.training.lungs_sha256 is None


@pytest.mark.slow
def test_a_fusion_killed_wherever_it_hurts_ends_as_an_unbroken_one(folder):
    assert run_hilum(command(folder, "sdfn.py", "unbroken")) == 0
    for moment in (
        Moment("training step", call=3),  # in the picture's second epoch
        Moment("weights.safetensors"),  # at the end of the picture's network
        Moment("training step", call=2),
        Moment("train.safetensors"),  # the features that the fusion learns from
        Moment("training step", call=3),  # in the fusion
        Moment("weights.safetensors"),  # of the fusion
        Moment("lungs.onnx"),  # the draft of the bundle
        Moment("rename of the bundle", call=2),
    ):
        assert run_hilum(command(folder, "sdfn.py", "broken"), moment=moment) == -signal.SIGKILL, moment
        assert not (folder / "broken" / "bundle").exists(), moment
    assert run_hilum(command(folder, "sdfn.py", "broken")) == 0
    stages = [f"{stage}/weights.safetensors" for stage in ("whole", "crop", "fusion")]
    for file in (*stages, "bundle/model.onnx", "bundle/lungs.onnx", "split.json"):
        assert (folder / "broken" / file).read_bytes() == (folder / "unbroken" / file).read_bytes(), file
    card = load_bundle(folder / "broken" / "bundle").card
    assert card.kind == "fusion"
    assert card.protocol.startswith("SMOKE ")
    left = [path for path in (folder / "broken").rglob("*") if "tmp" in path.name or path.name.startswith(".bundle")]
    assert not left
    assert not (folder / "broken" / "fusion" / "features").exists()


def test_lungs_that_are_none_are_refused_before_anything_is_drawn(folder, tmp_path):
    words = command(folder, "sdfn.py", "refused")
    words[words.index("--lungs") + 1] = str(tmp_path / "absent")
    result = train(words)
    assert result.exit_code != 0
    assert "absent" in result.stderr
    assert "lungs drawn" not in result.stderr


@pytest.mark.slow
def test_runs_that_crop_are_evaluated_like_any_other(folder):
    """The runs of the tests above; a smoke run is judged on its validation alone."""
    for out, recipe, more in (("cropped", "tiny.py", ("--set", "crop_lungs=true")), ("unbroken", "sdfn.py", ())):
        assert train(command(folder, recipe, out, *more)).exit_code == 0, "already run, or run here"
        words = ["evaluate", str(folder / out), "--data", f"table={folder / 'data'}", "--split", "validation"]
        words += ["--lungs", str(folder / "toy-lungs"), "--replicates", "100", "--out", str(folder / f"{out}-judged")]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
        assert (folder / f"{out}-judged" / "predictions.parquet").is_file()

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fabricate_kermany import fabricate_kermany
from fabricate_recipe import fabricate_own_recipe, tiny_recipe
from hilum.bundle.load import load_bundle
from hilum.cli.main import app
from hilum.output.lock import FolderLock
from hilum.training.loop.checkpoints import load_checkpoint


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return fabricate_kermany(tmp_path_factory.mktemp("kermany"), train=2, test=4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing", "--data", "kermany=x", "--out", "o"], "Unknown recipe 'nothing'"),
        (["pneumonia", "--data", "kermany", "--out", "o"], "there is no file or folder kermany for --data"),
        (["pneumonia", "--data", "zoo=x", "--out", "o"], "No data set is called 'zoo'; the names are kermany"),
        (["pneumonia", "--out", "o"], "Missing option: --data NAME=FOLDER"),
        (["pneumonia", "--data", "kermany=x"], "Missing option: --out FOLDER"),
        (["chest14", "--show-settings", "--set", "optimizer.lrate=1"], "the nearest is optimizer.learning_rate;"),
        (["chest14", "--show-settings", "--set", "optimizer.lr=fast"], "must be a number, not 'fast'"),
        (["chest14", "--show-settings", "--precision", "8-bit"], "32-true or bf16-mixed or 16-mixed, not '8-bit'"),
        (["absent.py", "--show-settings"], "There is no recipe file absent.py"),
        (
            ["pneumonia", "--data", "kermany=x", "--out", "o", "--strategy", "magic"],
            "Unknown strategy 'magic'. Available: auto",
        ),
        (["pneumonia", "--data", "kermany=x", "--out", "o", "--devices", "0"], "At least one device"),
        (["gate", "--data", "gate=x", "--out", "o"], "Missing option: --study FOLDER. Run `hilum study gate` first"),
        (["lungs", "--data", "lungs=x", "--out", "o"], "Missing option: --study FOLDER. Run `hilum study lungs` first"),
        (["gate", "--set", "epoch=3", "--show-settings"], "the nearest is epochs"),
        (["gate", "--set", "seed=-1", "--show-settings"], "seed cannot be '-1': The recipe needs a seed of at least 0"),
        (["gate", "--set", "dropout=2", "--show-settings"], "needs a dropout in [0, 1]; given: 2"),
        (["gate", "--set", "renderings=0", "--show-settings"], "needs at least one rendering; given: 0"),
        (
            ["lungs", "--set", "seed=-1", "--show-settings"],
            "seed cannot be '-1': The recipe needs a seed of at least 0",
        ),
    ],
)
def test_wrong_words_end_with_exit_code_2_and_one_line(arguments, message):
    result = run("train", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_missing_release_folder_is_named(tmp_path):
    result = run("train", "pneumonia", "--data", f"kermany={tmp_path / 'absent'}", "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert "absent" in result.stderr


def test_missing_starting_weights_are_named(release, tmp_path):
    weights = tmp_path / "none.safetensors"
    result = run("train", "pneumonia", "--data", f"kermany={release}", "--weights", weights, "--out", tmp_path / "run")
    assert result.exit_code == 1
    assert "none.safetensors" in result.stderr


def test_every_setting_is_shown_as_set_takes_it_and_with_what_was_set():
    shown = run("train", "chest14", "--show-settings", "--set", "optimizer.lr=3e-4", "--precision", "32-true")
    assert shown.exit_code == 0
    lines = dict(line.split("=", 1) for line in shown.stdout.splitlines())
    assert lines["optimizer.kind"] == "RAdam"
    assert lines["optimizer.learning_rate"] == "0.0003"
    assert lines["precision"] == "32-true"
    assert lines["selection.patience"] == "none"
    assert lines["labels"].startswith("Atelectasis,Cardiomegaly,")
    again = [word for key, value in lines.items() for word in ("--set", f"{key}={value}") if "start" not in key]
    assert run("train", "chest14", "--show-settings", *again).stdout == shown.stdout


def test_settings_that_are_set_win_over_those_of_a_smoke_run():
    shown = run("train", "pneumonia", "--show-settings", "--smoke", "--set", "epochs=5").stdout
    assert "epochs=5\n" in shown
    assert "batch_size=8\n" in shown


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return fabricate_own_recipe(tmp_path_factory.mktemp("own"))


def command(own, *more):
    data = own.parent / "data"
    return ["train", str(own), "--data", f"table={data}", "--weights", "random", "--cache", "none", *map(str, more)]


@pytest.mark.slow
def test_ones_own_recipe_runs_to_a_bundle_and_tells_how_it_was_made(own, tmp_path):
    out = tmp_path / "run"
    done = run(*command(own, "--set", "epochs=2", "--out", out))
    assert done.exit_code == 0, done.stderr
    assert f"hilum: Wrote {out / 'bundle'}" in done.stderr
    told = json.loads((out / "run.json").read_text())
    assert told["recipe"] == "tiny"
    assert told["settings"]["stages.train.epochs"] == 2
    assert told["smoke"] is False
    assert told["seed"] == tiny_recipe().seed
    assert told["command"].startswith("hilum train ")
    assert told["split_sha256"] == json.loads((out / "split.json").read_text())["sha256"]
    assert told["data"][0]["folder"] == "data"
    assert not any(str(own.parent) in str(value) for key, value in told.items() if key != "command")
    card = load_bundle(out / "bundle").card
    assert [label.name for label in card.labels] == ["Effusion", "Nodule"]
    assert card.training.split_sha256 == told["split_sha256"]
    assert card.training.recipe["stages.train.optimizer.kind"] == "AdamW"
    assert not card.protocol.startswith("SMOKE")
    assert list((out / "train" / "log").glob("events.out.tfevents.*"))


@pytest.mark.slow
def test_two_processes_train_one_network(own, tmp_path):
    hilum = str(Path(sys.executable).with_name("hilum"))  # Lightning starts the second process with the same words
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    words = command(own, "--devices", 2, "--strategy", "ddp", "--set", "batch_size=4", "--out", tmp_path / "run")
    done = subprocess.run([hilum, *words], env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert load_bundle(tmp_path / "run" / "bundle").card.labels
    epochs = (tmp_path / "run" / "train" / "log" / "metrics.csv").read_text().splitlines()
    assert len(epochs) == 1 + tiny_recipe().last.epochs, "one of the two writes"


@pytest.mark.slow
def test_a_folder_in_which_another_process_trains_is_refused(own, tmp_path):
    with FolderLock(tmp_path):
        refused = run(*command(own, "--out", tmp_path))
    assert refused.exit_code == 1
    assert "Another hilum process is writing into" in refused.stderr
    assert not (tmp_path / "run.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "code", "said"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_a_signal_ends_a_training_as_it_ends_every_command(own, tmp_path, start_hilum, monkeypatch, sent, code, said):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    process = start_hilum(*command(own, "--set", "epochs=500", "--out", tmp_path))
    while not (tmp_path / "train" / "last.ckpt").is_file():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(sent)
    _, error = process.communicate(timeout=600)
    assert process.returncode == code
    assert error.splitlines()[-1] == f"hilum: {said}; what was written is whole"
    assert load_checkpoint(tmp_path / "train" / "last.ckpt")["epoch"] >= 0

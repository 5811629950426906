import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from fabricate_bundle import ToyBundle
from fabricate_kermany import fabricate_kermany
from fabricate_releases import fabricate_class_folders
from fabricate_run import fabricate_run
from hilum.bundle.save import write_bundle
from hilum.cli.main import app
from hilum.cli.options.split import asked_split
from hilum.datasets.splits.saved import save_split
from hilum.datasets.splits.split import Split
from hilum.errors import UsageError
from hilum.evaluation.bundles.run_folder import load_run, split_of


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return fabricate_kermany(tmp_path_factory.mktemp("kermany"), train=2, test=4)


def test_evaluate_prints_the_table_and_counts_the_looks(release, tmp_path):
    folder = ToyBundle().write(tmp_path / "toy").folder
    ledger = tmp_path / "LEDGER.jsonl"
    for looks in (1, 2):
        result = run("evaluate", folder, "--data", f"kermany={release}", "--ledger", ledger, "--replicates", 100)
        assert result.exit_code == 0, result.output
        assert f"recorded in {ledger}: {looks}, {looks} of them of this model" in result.stderr
    intent, line = (json.loads(text) for text in ledger.read_text().splitlines()[:2])
    assert (intent["kind"], line["kind"]) == ("intent", "result")
    assert f"{line['auroc']:.3f}" in result.stdout
    assert "4 / 8" in result.stdout
    assert f"mean gradient (soft images count as ill): {line['baseline_auroc']:.3f}" in " ".join(result.stdout.split())
    assert not list(tmp_path.glob("*.parquet"))


def test_a_smoke_bundle_is_refused_a_test_on_both_paths(release, tmp_path):
    """Without --out it printed a table, and entered the ledger as the real model."""
    toy = ToyBundle().write(tmp_path / "toy")
    training = toy.card.training.model_copy(update={"smoke": True})
    card = toy.card.model_copy(update={"training": training})
    smoke = write_bundle(tmp_path / "smoke", card=card, files={"model.onnx": toy.read("model.onnx")})
    words = ("evaluate", smoke.folder, "--data", f"kermany={release}", "--ledger", tmp_path / "L.jsonl")
    for out in ((), ("--out", tmp_path / "out")):
        result = run(*words, *out)
        assert result.exit_code == 2
        assert "A test run cannot be evaluated" in " ".join(result.stderr.split())
        assert not (tmp_path / "L.jsonl").exists()


@pytest.mark.parametrize("split", ["all", "train"])
def test_images_that_may_have_been_fitted_on_are_cautioned_everywhere(release, tmp_path, split):
    """The terminal never showed a caution, and `all` had none at all."""
    folder, out, ledger = ToyBundle().write(tmp_path / "toy").folder, tmp_path / "out", tmp_path / "L.jsonl"
    words = ("evaluate", folder, "--data", f"kermany={release}", "--split", split, "--ledger", ledger)
    on_terminal = run(*words, "--replicates", 100)
    assert on_terminal.exit_code == 0, on_terminal.output
    assert "hilum: caution: Of these" in on_terminal.stderr
    assert "are not held out" in on_terminal.stderr
    written = run(*words, "--replicates", 100, "--out", out, "--no-gallery")
    assert "hilum: caution: Of these" in written.stderr
    cautions = json.loads((out / "report.json").read_text())["cautions"]
    assert "may flatter" in cautions[0]
    assert "may flatter" in (out / "report.html").read_text()
    intents = [json.loads(text) for text in ledger.read_text().splitlines()] if ledger.is_file() else []
    assert [line["cautions"] for line in intents if line["kind"] == "intent"] == [cautions] * (2 * (split == "all"))


def test_a_damaged_ledger_is_one_line_and_nothing_is_read(release, tmp_path):
    folder, ledger = ToyBundle().write(tmp_path / "toy").folder, tmp_path / "L.jsonl"
    ledger.write_text("{bad\n")
    for out in ((), ("--out", tmp_path / "out")):
        result = run("evaluate", folder, "--data", f"kermany={release}", "--ledger", ledger, *out)
        assert result.exit_code == 1
        (line,) = [line for line in result.stderr.splitlines() if "read 0 of" not in line]
        assert "Line 1 of" in line


def test_another_release_is_refused(tmp_path):
    folder = ToyBundle().write(tmp_path / "toy").folder
    result = run("evaluate", folder, "--data", "zoo=x")
    assert result.exit_code == 2
    assert "No data set is called 'zoo'; the names are nih" in result.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return fabricate_run(tmp_path_factory.mktemp("run"), patients=40)


def test_a_run_is_evaluated_on_its_own_split(made, tmp_path):
    out, ledger = tmp_path / "out", tmp_path / "LEDGER.jsonl"
    words = (made.run, "--data", f"table={made.data}", "--out", out, "--ledger", ledger, "--replicates", 100)
    result = run("evaluate", *words, "--prevalence", "0.05")
    assert result.exit_code == 0, result.output
    assert "AUROC [95%]" in result.stdout
    assert "stated prevalence" in " ".join(result.stdout.split())
    assert "0.05" in result.stdout
    assert f"recorded in {ledger}: 1" in result.stderr
    judged = run("judge", out / "predictions.parquet", "--replicates", "100", "--json")
    assert judged.exit_code == 0, judged.output
    report = json.loads((out / "report.json").read_text())
    assert json.loads(judged.stdout)["mean_auroc"] == report["judgement"]["mean_auroc"]
    again = run("evaluate", *words)
    assert "read 16 of 16 images" in again.stderr
    assert f"recorded in {ledger}: 1" in again.stderr


def test_a_picture_that_stands_in_two_releases_is_judged_once_and_listed(tmp_path):
    kermany = fabricate_kermany(tmp_path / "kermany", train=2, test=3)
    own = fabricate_class_folders(tmp_path / "own")
    shutil.copy(next((kermany / "test" / "PNEUMONIA").iterdir()), next(own.iterdir()) / "again.jpeg")
    folder = ToyBundle().write(tmp_path / "toy").folder
    result = run(
        "evaluate", folder, "--data", f"kermany={kermany}", "--data", f"folder={own}", "--split", "all",
        "--out", tmp_path / "out", "--ledger", tmp_path / "LEDGER.jsonl", "--replicates", 100, "--no-gallery",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    rows = (tmp_path / "out" / "tables" / "exclusions.csv").read_text().splitlines()[1:]
    (twice,) = [row for row in rows if "again.jpeg" in row]
    assert "again.jpeg,the same picture stands elsewhere in the data,kermany " in twice
    assert "the same picture stands elsewhere in the data" in (tmp_path / "out" / "report.html").read_text()


def test_an_image_that_cannot_be_read_is_said_and_listed(made, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(made.data, data)
    (data / "002.png").write_bytes(b"torn")
    folder = ToyBundle(labels=("Effusion",)).write(tmp_path / "toy").folder
    result = run(
        "evaluate", folder, "--data", f"table={data}", "--split", "train", "--out", tmp_path / "out",
        "--replicates", 100,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "left out 002.png: decode:" in result.stderr
    assert "002.png" in (tmp_path / "out" / "tables" / "exclusions.csv").read_text()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--split", "train"], 2, "the network was fitted on it"),
        (["--split", "nowhere"], 2, "Available: calibration, test"),
        (["--prevalence", "1.5"], 2, "between 0 and 1"),
    ],
)
def test_what_cannot_be_evaluated_says_why(made, tmp_path, words, code, said):
    result = run("evaluate", made.run, "--data", f"table={made.data}", "--out", tmp_path / "out", *words)
    assert result.exit_code == code
    assert said in " ".join(result.stderr.split())
    assert not (tmp_path / "out").exists()


def test_without_a_test_part_the_only_one_is_evaluated_and_several_are_listed(made, tmp_path, capsys):
    run_of_two = load_run(made.run)
    assert asked_split(None, run=run_of_two, records=made.records) == "test"
    assert asked_split("Calibration", run=run_of_two, records=made.records) == "calibration"
    parts = {name: records for name, records in run_of_two_parts(made).items() if name != "test"}
    one = changed_run(made, parts, tmp_path / "one")
    assert asked_split(None, run=one, records=made.records) == "calibration"
    assert "evaluating the split calibration, the only one: there is no test split" in capsys.readouterr().err
    half = len(parts["calibration"]) // 2
    first, second = parts["calibration"][: half // 2 * 2], parts["calibration"][half // 2 * 2 :]
    two = changed_run(made, {"train": parts["train"], "a": first, "b": second}, tmp_path / "two")
    with pytest.raises(UsageError, match=r"Missing option: --split NAME\. Available: a, b"):
        asked_split(None, run=two, records=made.records)


def run_of_two_parts(made):
    return dict(split_of(load_run(made.run), records=made.records).parts)


def changed_run(made, parts, folder):
    """The run with another split."""
    shutil.copytree(made.run, folder)
    split = Split(parts, "made-up patients, by patient")
    save_split(split, path=folder / "split.json")
    told = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**told, "split_sha256": split.sha256}))
    return load_run(folder)


def test_a_model_on_data_without_official_parts_is_evaluated_on_all(made, capsys):
    loose = [replace(record, official=None) for record in made.records]
    assert asked_split(None, run=None, records=loose) == "all"
    assert "evaluating the split all, the only one: the data have no official parts" in capsys.readouterr().err
    named = [replace(record, official="train") for record in made.records]
    assert asked_split(None, run=None, records=named) == "train"
    assert asked_split("ALL", run=None, records=named) == "all"


def test_other_data_than_in_training_are_refused(made, tmp_path):
    other = fabricate_run(tmp_path / "other", patients=3, seed=5)
    result = run("evaluate", made.run, "--data", f"table={other.data}", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "do not hold every image of" in result.stderr


def test_a_run_keeps_the_evaluation_of_each_split_in_its_own_folder(tmp_path):
    made = fabricate_run(tmp_path / "made", patients=20)
    words = ("--data", f"table={made.data}", "--replicates", 100, "--no-gallery", "--ledger", tmp_path / "L.jsonl")
    result = run("evaluate", made.run, *words, "--split", "calibration")
    assert result.exit_code == 0, result.output
    folder = made.run / "evaluation" / "calibration"
    assert (folder / "predictions.parquet").is_file()
    assert (folder / "report.html").is_file()
    again = run("evaluate", made.run, *words)
    assert again.exit_code == 0, again.output
    assert (made.run / "evaluation" / "test" / "report.html").is_file()


def test_a_killed_evaluation_goes_on_and_ends_alike(tmp_path, start_hilum):
    made = fabricate_run(tmp_path / "made", patients=150)
    words = ("--data", f"table={made.data}", "--ledger", tmp_path / "L.jsonl", "--replicates", 100, "--no-gallery")
    folder = made.run / "bundle"
    out = tmp_path / "out"
    process = start_hilum("evaluate", folder, *words, "--split", "train", "--out", out)
    journal = out / "predictions.jsonl"
    while process.poll() is None and not (journal.is_file() and journal.read_bytes().count(b"\n") > 3):
        time.sleep(0.002)
    process.kill()
    process.communicate()
    assert not (out / "predictions.parquet").exists(), "it ended before it was killed"
    done = journal.read_bytes().count(b"\n")
    result = run("evaluate", folder, *words, "--split", "train", "--out", out)
    assert result.exit_code == 0, result.output
    first = int(re.search(r"read (\d+) of 239 images", result.stderr)[1])
    assert first >= done - 2  # less the header and a torn line
    whole = run("evaluate", folder, *words, "--split", "train", "--out", tmp_path / "whole")
    assert whole.exit_code == 0, whole.output
    assert (out / "predictions.parquet").read_bytes() == (tmp_path / "whole" / "predictions.parquet").read_bytes()
    assert (out / "report.html").read_bytes() == (tmp_path / "whole" / "report.html").read_bytes()


def test_a_killed_look_at_a_test_has_its_intent_and_stays_one_look(tmp_path, start_hilum):
    made = fabricate_run(tmp_path / "made", patients=300)
    ledger, out = tmp_path / "L.jsonl", tmp_path / "out"
    words = ("--data", f"table={made.data}", "--ledger", ledger, "--replicates", 100, "--no-gallery", "--out", out)
    process = start_hilum("evaluate", made.run, *words)
    journal = out / "predictions.jsonl"
    while process.poll() is None and not (journal.is_file() and journal.read_bytes().count(b"\n") > 1):
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert not (out / "predictions.parquet").exists(), "it ended before it was killed"
    assert journal.read_bytes().count(b"\n") > 1
    assert [json.loads(line)["kind"] for line in ledger.read_text().splitlines()] == ["intent"]
    result = run("evaluate", made.run, *words)
    assert result.exit_code == 0, result.output
    assert [json.loads(line)["kind"] for line in ledger.read_text().splitlines()] == ["intent", "result"]


def test_evaluating_needs_no_torch(made, tmp_path):
    code = """
import importlib.abc, sys
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path, target=None):
        if fullname.partition(".")[0] in ("torch", "torchvision", "timm", "lightning", "onnx", "pandas"):
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
sys.meta_path.insert(0, Absent())
from hilum.cli.main import main
main()
"""
    words = ["evaluate", made.run, "--data", f"table={made.data}", "--split", "calibration", "--out", tmp_path / "out"]
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, words), "--replicates", "100"], capture_output=True, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "out" / "report.html").is_file()

"""A model and the images that it saw: counted under any name, refused as a test, cautioned everywhere else."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from fabricate_again import AGAIN, textured
from fabricate_bundle import ToyBundle
from fabricate_kermany import fabricate_kermany
from fabricate_run import LABELS, FabricatedRun, fabricate_run
from hilum.bundle.load import Bundle, load_bundle
from hilum.bundle.save import file_hashes, write_bundle
from hilum.cli.main import app
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.records.record import Record
from hilum.datasets.releases.kermany import read_kermany
from hilum.errors import DataError
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.networks.starting_weights import RandomWeights
from hilum.training.export.seen_images import seen_images


def run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HILUM_CACHE", str(tmp_path / "cache"))


def knowing(bundle: Bundle, folder: Path, *, train: list[Record], validation: list[Record]) -> Bundle:
    """The bundle again, with the images that it was made of."""
    files = {name: bundle.read(name) for name in bundle.card.files}
    files |= seen_images(train=train, validation=validation, starts=[RandomWeights()], jobs=1)
    card = bundle.card.model_copy(update={"files": file_hashes(files)})
    return write_bundle(folder, card=card, files=files)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> FabricatedRun:
    return fabricate_run(tmp_path_factory.mktemp("run"), patients=40)


@pytest.fixture(scope="module")
def bundle(made: FabricatedRun, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A model that saw the first thirty images in training and the next four in validation."""
    folder = tmp_path_factory.mktemp("bundle") / "toy"
    records = list(made.records)
    return knowing(load_bundle(made.run / "bundle"), folder, train=records[:30], validation=records[30:34])


def table_of(made: FabricatedRun, folder: Path, *, rows: range, split: str, saved_anew: range = range(0)) -> Path:
    """Those images as another person's table: other names, other patients, some saved as JPEG of another size."""
    folder.mkdir()
    lines = ["image,patient,split," + ",".join(f"truth:{label}" for label in LABELS)]
    for row in rows:
        record = made.records[row]
        name = f"own_{row:03d}.{'jpg' if row in saved_anew else 'png'}"
        if row in saved_anew:
            image = Image.open(record.path).convert("L").resize((300, 280), Image.Resampling.BICUBIC)
            image.save(folder / name, quality=85)
        else:
            shutil.copy(record.path, folder / name)
        truths = ["" if np.isnan(value) else str(int(value)) for value in (record.labels[one] for one in LABELS)]
        lines.append(",".join([name, f"someone{row}", split, *truths]))
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    return folder


def evaluate(bundle: Bundle, data: Path, out: Path, *more: str):
    words = ("evaluate", bundle.folder, "--data", f"table={data}", "--out", out, "--ledger", out.parent / "L.jsonl")
    return run(*words, "--replicates", 100, "--no-gallery", *more)


def test_a_test_on_training_images_under_other_names_is_refused(made, bundle, tmp_path):
    data = table_of(made, tmp_path / "data", rows=range(20, 50), split="test", saved_anew=range(20, 25))
    refused = evaluate(bundle, data, tmp_path / "out")
    assert refused.exit_code == 1
    (line,) = refused.stderr.splitlines()
    assert "trained on 10 of these 30 images (5 the same file, 5 the same picture in another file)" in line
    assert "chosen or calibrated on 4 of these 30 images (4 the same file, 0 the same picture" in line
    assert "--allow-overlap" in line
    assert not (tmp_path / "L.jsonl").exists()
    assert not (tmp_path / "out" / "predictions.parquet").exists()
    named = dict(csv.reader((tmp_path / "out" / "overlap.csv").read_text().splitlines()[1:]))
    assert named == (
        {f"own_{row:03d}.jpg": "train: same picture" for row in range(20, 25)}
        | {f"own_{row:03d}.png": "train: same file" for row in range(25, 30)}
        | {f"own_{row:03d}.png": "validation: same file" for row in range(30, 34)}
    )


def test_one_may_go_on_and_every_place_says_so(made, bundle, tmp_path):
    data = table_of(made, tmp_path / "data", rows=range(20, 50), split="test")
    done = evaluate(bundle, data, tmp_path / "out", "--allow-overlap")
    assert done.exit_code == 0, done.output
    words = "The model was trained on 10 of these 30 images"
    assert f"hilum: caution: {words}" in done.stderr
    assert words in (tmp_path / "out" / "report.html").read_text()
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    assert any(one.startswith(words) for one in told["cautions"])
    assert told["judgement"]["seen_in_training"] == {
        "images": 30, "train_files": 10, "train_pictures": 0, "validation_files": 4, "validation_pictures": 0,
    }  # fmt: skip
    line = json.loads((tmp_path / "L.jsonl").read_text().splitlines()[-1])
    assert (line["trained_on"], line["validated_on"]) == (10, 4)
    predictions = tmp_path / "out" / "predictions.parquet"
    assert (
        read_predictions(predictions).seen == ("train: same file",) * 10 + ("validation: same file",) * 4 + ("no",) * 16
    )
    judged = run("judge", predictions, "--replicates", 100, "--report", tmp_path / "judged")
    assert words in judged.stderr
    assert words in (tmp_path / "judged" / "report.html").read_text()
    plain = json.loads(run("judge", predictions, "--replicates", 100, "--json").stdout)
    assert plain["seen_in_training"]["train_files"] == 10


def test_another_part_is_judged_with_a_caution(made, bundle, tmp_path):
    data = table_of(made, tmp_path / "data", rows=range(0, 50), split="validation")
    done = evaluate(bundle, data, tmp_path / "out", "--split", "validation")
    assert done.exit_code == 0, done.output
    # the first image has no label, and is not judged
    assert "caution: The model was trained on 29 of these 49 images" in done.stderr
    assert not (tmp_path / "L.jsonl").exists()


def test_a_test_on_images_that_it_never_saw_says_what_they_were_compared_with(made, bundle, tmp_path):
    data = table_of(made, tmp_path / "data", rows=range(40, 80), split="test")
    done = evaluate(bundle, data, tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "caution" not in done.stderr
    assert not (tmp_path / "out" / "overlap.csv").exists()
    facts = dict(json.loads((tmp_path / "out" / "report.json").read_text())["facts"]["Data"])
    assert facts["Images seen in the training"] == (
        "the model was trained and validated on none of these 40 images; compared by file and by perceptual hash with "
        "30 training and 4 validation images"
    )


def test_a_model_that_names_no_images_is_cautioned(made, tmp_path):
    data = table_of(made, tmp_path / "data", rows=range(20, 50), split="test")
    done = evaluate(load_bundle(made.run / "bundle"), data, tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "caution: The model does not name its training images" in done.stderr
    assert json.loads((tmp_path / "out" / "report.json").read_text())["judgement"]["seen_in_training"] is None
    assert read_predictions(tmp_path / "out" / "predictions.parquet").seen is None


def test_the_look_on_the_terminal_is_refused_too(tmp_path):
    release = fabricate_kermany(tmp_path / "kermany", train=3, test=6)
    records = read_kermany(release)
    test = [record for record in records if record.official == "test"]
    toy = ToyBundle(operating_point=0.8).write(tmp_path / "toy")
    seen = knowing(toy, tmp_path / "knowing", train=test[:2], validation=[])
    ledger = tmp_path / "L.jsonl"
    words = ("evaluate", seen.folder, "--data", f"kermany={release}", "--ledger", ledger, "--replicates", 100)
    refused = run(*words)
    assert refused.exit_code == 1
    assert "trained on 2 of these 12 images" in refused.stderr
    assert not ledger.exists()
    allowed = run(*words, "--allow-overlap")
    assert allowed.exit_code == 0, allowed.output
    assert "caution: The model was trained on 2 of these 12 images" in allowed.stderr
    intent, result = (json.loads(text) for text in ledger.read_text().splitlines())
    assert result["trained_on"] == 2
    assert "trained on 2 of these 12 images" in intent["cautions"][-1]


def test_an_unknown_word_in_the_column_is_refused(made, bundle, tmp_path):
    data = table_of(made, tmp_path / "data", rows=range(40, 60), split="test")
    evaluate(bundle, data, tmp_path / "out")
    predictions = read_predictions(tmp_path / "out" / "predictions.parquet")
    with pytest.raises(DataError, match="seen must be one of"):
        replace(predictions, seen=("perhaps",) * predictions.n)


@pytest.mark.parametrize("kind", AGAIN)
def test_a_training_image_in_any_other_file_is_no_test(made: FabricatedRun, tmp_path: Path, kind: str) -> None:
    """Renamed, saved anew, resized, with black and white turned round, or cut by a pixel: refused, or cautioned."""
    folder, draw = tmp_path / "own", np.random.default_rng(0)
    folder.mkdir()
    lines = ["image,patient,split," + ",".join(f"truth:{label}" for label in LABELS)]
    pictures = [textured(draw) for _ in range(12)]
    for number, picture in enumerate(pictures):
        picture.save(folder / f"{number}.png")
        lines.append(f"{number}.png,p{number},train," + ",".join(str((number + i) % 2) for i in range(len(LABELS))))
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    model = knowing(
        load_bundle(made.run / "bundle"), tmp_path / "toy", train=list(read_own_table(folder)), validation=[]
    )
    other = tmp_path / "other"
    other.mkdir()
    rows = [lines[0]]
    for number, picture in enumerate(pictures):
        name = f"{number}-{kind}"
        AGAIN[kind](picture).save(other / name)
        rows.append(f"{name},q{number},test," + lines[number + 1].split(",", 3)[3])
    (other / "table.csv").write_text("\n".join(rows) + "\n")
    words = (
        "evaluate",
        model.folder,
        "--data",
        f"table={other}",
        "--ledger",
        tmp_path / "L.jsonl",
        "--replicates",
        100,
    )
    refused = run(*words)
    assert refused.exit_code == 1
    assert "was trained on 12 of these 12 images" in refused.stderr
    assert not (tmp_path / "L.jsonl").exists()
    allowed = run(*words, "--allow-overlap")
    assert allowed.exit_code == 0, allowed.stderr
    assert "caution: The model was trained on 12 of these 12 images" in allowed.stderr
    intent, result = (json.loads(line) for line in (tmp_path / "L.jsonl").read_text().splitlines())
    assert any("trained on 12 of these 12" in caution for caution in intent["cautions"])
    assert result["trained_on"] == 12

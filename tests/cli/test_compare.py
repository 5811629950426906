import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import Result

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.predictions.predictions_file import write_predictions

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predictions")
    weak = fabricate_predictions(strength=0.4)
    write_predictions(fabricate_predictions(), path=folder / "strong.parquet")
    write_predictions(weak, path=folder / "weak.parquet")
    write_predictions(fabricate_predictions(strength=0.7), path=folder / "middle.parquet")
    write_predictions(fabricate_predictions(seed=9), path=folder / "other.parquet")
    write_predictions(fabricate_predictions(split="val", first_patient=900, seed=3), path=folder / "val.parquet")
    write_predictions(
        replace(weak, protocol="out-of-fold, pooled", design="cross-validated"), path=folder / "pooled.parquet"
    )
    for name, strength in (("one", 1.0), ("two", 0.6)):
        write_predictions(
            fabricate_predictions(strength=strength, labels=("Mass",)), path=folder / f"single-{name}.parquet"
        )
    return folder


def words(result: Result) -> str:
    assert result.exit_code == 0, result.stderr
    return " ".join(result.stdout.split())


def test_the_table(hilum: Run, folder: Path) -> None:
    result = hilum("compare", folder / "strong.parquet", folder / "weak.parquet", "--replicates", 100)
    shown = words(result)
    for said in ("weak − strong", "Mean AUROC over 2 labels: weak is below strong, -0.", "p clustered", "by Holm over"):
        assert said in shown
    assert "paired t-test over 2 labels, weak − strong: t = -" in shown
    assert "p DeLong" not in shown  # patients have several images
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_csvs_of_anybody_are_compared_once_their_protocol_is_said(hilum: Run, tmp_path: Path) -> None:
    for name, good in (("ours", 3), ("theirs", 0)):
        rows = [f"{n}.png,p{n},{n % 2},{(n * 7 % 11) / 14 + good * (n % 2) / 14:.3f}" for n in range(60)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["image,patient,truth,score", *rows]))
    files = (tmp_path / "ours.csv", tmp_path / "theirs.csv")
    refused = hilum("compare", *files)
    assert refused.exit_code == 2
    assert "say it in a sentence: --protocol" in refused.stderr
    shown = words(hilum("compare", *files, "--protocol", "made up, split by patient", "--replicates", 100))
    assert "theirs − ours -0." in shown
    assert "protocol: made up, split by patient" in shown


def test_where_nothing_tells_patients_apart_nothing_is_said_by_patient(hilum: Run, tmp_path: Path) -> None:
    for name, good in (("ours", 3), ("theirs", 0)):
        rows = [f"{n}.png,{n % 2},{(n * 7 % 11) / 14 + good * (n % 2) / 14:.3f}" for n in range(60)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["image,truth,score", *rows]))
    files = ("compare", tmp_path / "ours.csv", tmp_path / "theirs.csv", "--protocol", "made up", "--replicates", 100)
    result = hilum(*files, "--report", tmp_path / "report")
    shown = words(result)
    assert "60 images of unknown patients; 100 bootstrap replicates by image" in shown
    assert "by patient" not in shown
    assert "caution: Nothing tells patients apart" in " ".join(result.stderr.split())
    data = json.loads((tmp_path / "report" / "comparison.json").read_text())
    assert (data["patients_known"], data["bootstrap"]["by"]) == (False, "image")
    page = (tmp_path / "report" / "comparison.html").read_text().partition("</style>")[2]
    for said in ("by patient", "draw patients", "<dd>60</dd></div>\n<div><dt>patients</dt><dd>60"):
        assert said not in page
    assert "<dt>patients</dt><dd>unknown</dd>" in page


def test_one_label_has_no_t_test(hilum: Run, folder: Path) -> None:
    shown = words(hilum("compare", folder / "single-one.parquet", folder / "single-two.parquet", "--replicates", 100))
    assert "t-test" not in shown
    assert "no value" not in shown
    assert "AUROC of Mass: single-two is below single-one" in shown


def test_three_models_and_every_pair(hilum: Run, folder: Path) -> None:
    files = [folder / f"{name}.parquet" for name in ("strong", "middle", "weak")]
    to_first = words(hilum("compare", *files, "--replicates", 100))
    assert "middle − strong" in to_first
    assert "weak − middle" not in to_first
    to_named = words(hilum("compare", *files, "--reference", "middle", "--replicates", 100))
    assert "strong − middle" in to_named
    assert "weak − middle" in words(hilum("compare", *files, "--pairs", "all", "--replicates", 100))
    refused = hilum("compare", *files, "--reference", "third", "--replicates", 100)
    assert (refused.exit_code, "No model is called 'third'" in refused.stderr) == (2, True)


def test_the_margin_is_stated_or_not_there(hilum: Run, folder: Path) -> None:
    files = (folder / "strong.parquet", folder / "weak.parquet")
    shown = words(hilum("compare", *files, "--margin", 0.02, "--replicates", 100))
    assert "weak is not worse than strong by more than 0.02: refuted" in shown
    assert "mean of 2 AUROC weak − strong refuted refuted 0." in shown
    without = words(hilum("compare", *files, "--replicates", 100))
    assert "margin" not in without
    refused = hilum("compare", *files, "--margin", 2, "--replicates", 100)
    assert refused.exit_code == 2
    assert "A margin is a loss between 0 and 1" in refused.stderr


def test_decisions_at_points_that_were_not_chosen_here(hilum: Run, folder: Path) -> None:
    files = (folder / "strong.parquet", folder / "weak.parquet")
    val = folder / "val.parquet"
    shown = words(
        hilum("compare", *files, "--validation", f"strong={val}", "--threshold", "weak=0.5", "--replicates", 100)
    )
    assert "operating points of strong: greatest Youden index, on validation: made-up patients" in shown
    assert "operating points of weak: stated thresholds" in shown
    assert "sensitivity" in shown
    refused = hilum("compare", *files, "--validation", f"strong={files[0]}", "--replicates", 100)
    assert refused.exit_code == 1
    assert f"{files[0]}: " in refused.stderr
    half = hilum("compare", *files, "--threshold", "weak=0.5", "--replicates", 100)
    assert "strong has no operating point" in half.stderr


def test_cross_validated(hilum: Run, folder: Path) -> None:
    files = (folder / "strong.parquet", folder / "pooled.parquet")
    refused = hilum("compare", *files, "--replicates", 100)
    assert refused.exit_code == 1
    assert f"{files[0]} and {files[1]} have two protocols" in refused.stderr
    shown = words(hilum("compare", *files, "--any-protocol", "--replicates", 100))
    assert "DeLong's test does not hold for them and is left out" in shown


def test_json(hilum: Run, folder: Path) -> None:
    files = (f"new={folder / 'strong.parquet'}", folder / "weak.parquet")
    result = hilum("compare", *files, "--json", "--replicates", 100)
    data = json.loads(result.stdout, parse_constant=pytest.fail)
    effusion = data["labels"]["Effusion"]
    (pair,) = effusion["pairs"]
    areas = {name: one["auroc"] for name, one in effusion["models"].items()}
    assert pair["auroc"]["difference"] == pytest.approx(areas["weak"] - areas["new"])
    assert set(data["mean"]["pairs"][0]["paired_t"]) == {"t", "p", "labels"}


def test_the_report(hilum: Run, folder: Path, tmp_path: Path) -> None:
    files = (folder / "strong.parquet", folder / "weak.parquet")
    result = hilum("compare", *files, "--replicates", 100, "--report", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert f"Wrote {tmp_path / 'out' / 'comparison.html'}" in " ".join(result.stderr.split())
    assert (tmp_path / "out" / "figures" / "roc.svg").is_file()


def test_other_images_are_refused_in_one_line(hilum: Run, folder: Path) -> None:
    files = (folder / "strong.parquet", folder / "other.parquet")
    result = hilum("compare", *files, "--replicates", 100)
    assert result.exit_code == 1
    assert f"{files[1]} lacks '" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_other_labels_are_refused_in_one_line(hilum: Run, folder: Path, tmp_path: Path) -> None:
    weak = fabricate_predictions(strength=0.4)
    one = replace(weak, labels=weak.labels[:1], truth=weak.truth[:, :1], scores=weak.scores[:, :1])
    write_predictions(one, path=tmp_path / "one.parquet")
    files = (folder / "strong.parquet", tmp_path / "one.parquet")
    refused = hilum("compare", *files, "--replicates", 100)
    assert refused.exit_code == 1
    assert "strong.parquet has Effusion, which is not in every file" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    shown = hilum("compare", *files, "--common-labels", "--replicates", 100)
    assert "! not in every file, not compared: Effusion" in words(shown)


def test_one_file_alone_is_refused(hilum: Run, folder: Path) -> None:
    result = hilum("compare", folder / "strong.parquet")
    assert result.exit_code == 2
    assert "two predictions files or more" in result.stderr


def test_held_out_files_are_a_look_each_and_counted_once(hilum: Run, folder: Path, tmp_path: Path) -> None:
    ledger, files = tmp_path / "L.jsonl", [folder / "strong.parquet", folder / "weak.parquet"]
    words_ = ("--replicates", 100, "--ledger", ledger)
    for _ in range(2):
        result = hilum("compare", *files, *words_)
        assert f"recorded in {ledger}: 2" in result.stderr
    judged = hilum("judge", files[1], *words_)
    assert f"recorded in {ledger}: 2" in judged.stderr
    found = json.loads(hilum("compare", *files, *words_, "--json").stdout)
    lines = [json.loads(text) for text in ledger.read_text().splitlines()]
    assert [(line["kind"], line["judged"]) for line in lines] == [("look", path.name) for path in files]
    assert [line["auroc"] for line in lines] == [model["mean_auroc"] for model in found["models"].values()]
    assert lines[0]["auroc"] > lines[1]["auroc"]


def test_the_same_labels_in_another_order_are_no_second_look(hilum: Run, folder: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "L.jsonl"
    strong = fabricate_predictions()
    turned = replace(
        strong, labels=strong.labels[::-1], truth=strong.truth[:, ::-1], scores=strong.scores[:, ::-1]
    )  # fmt: skip
    write_predictions(turned, path=tmp_path / "turned.parquet")
    for path in (folder / "strong.parquet", tmp_path / "turned.parquet"):
        hilum("judge", path, "--replicates", 100, "--ledger", ledger)
    assert len(ledger.read_text().splitlines()) == 1


def test_a_model_that_was_trained_on_the_images_is_compared_with_a_caution(
    hilum: Run, folder: Path, tmp_path: Path
) -> None:
    strong = fabricate_predictions()
    seen = ("train: same file",) * 3 + ("train: same picture",) + ("no",) * (strong.n - 4)
    write_predictions(replace(strong, seen=seen), path=tmp_path / "saw.parquet")
    files = (tmp_path / "saw.parquet", folder / "weak.parquet")
    said = f"saw was trained on 4 of these {strong.n} images (3 the same file, 1 the same picture in another file)"
    result = hilum("compare", *files, "--replicates", 100, "--report", tmp_path / "report")
    assert f"caution: {said}" in result.stderr
    assert said in (tmp_path / "report" / "comparison.html").read_text()
    found = json.loads(hilum("compare", *files, "--replicates", 100, "--json").stdout)
    assert [caution.startswith(said) for caution in found["cautions"]] == [True]
    assert (
        "caution"
        not in hilum("compare", folder / "strong.parquet", folder / "weak.parquet", "--replicates", 100).stderr
    )


def test_validation_files_that_are_compared_are_no_look(hilum: Run, folder: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "L.jsonl"
    files = [f"{name}={folder / 'val.parquet'}" for name in "ab"]
    result = hilum("compare", *files, "--replicates", 100, "--ledger", ledger)
    assert result.exit_code == 0, result.stderr
    assert not ledger.exists()

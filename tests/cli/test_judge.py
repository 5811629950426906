import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import Result

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.predictions.predictions_file import write_predictions

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predictions")
    write_predictions(fabricate_predictions(), path=folder / "test.parquet")
    write_predictions(fabricate_predictions(split="val", first_patient=500, seed=1), path=folder / "val.parquet")
    return folder


def test_the_table_names_what_it_rests_on(hilum: Run, folder: Path) -> None:
    result = hilum("judge", folder / "test.parquet", "--replicates", 100)
    assert result.exit_code == 0, result.stderr
    for words in ("Atelectasis", "mean AUROC 0.", "over 2 labels: Atelectasis, Effusion", "sex: F", "SHA-256",
                  "drawn ones from 100 bootstrap replicates", "made-up patients, one split"):  # fmt: skip
        assert words in " ".join(result.stdout.split())
    assert "sensitivity" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_with_validation(hilum: Run, folder: Path) -> None:
    result = hilum("judge", folder / "test.parquet", "--validation", folder / "val.parquet", "--prevalence", 0.05,
                   "--replicates", 100)  # fmt: skip
    assert result.exit_code == 0, result.stderr
    for words in ("sensitivity", "PPV", "F1", "stated prevalence", "operating points from"):
        assert words in result.stdout


def test_prevalences_by_name_and_calibration(hilum: Run, folder: Path) -> None:
    arguments = ("judge", folder / "test.parquet", "--validation", folder / "val.parquet", "--prevalence",
                 "Pleural Effusion=0.05", "--calibration", "platt", "--replicates", 100)  # fmt: skip
    shown = hilum(*arguments)
    assert shown.exit_code == 0, shown.stderr
    assert "after platt" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 100
    labels = json.loads(hilum(*arguments, "--json").stdout, parse_constant=pytest.fail)["labels"]
    assert labels["Effusion"]["operating_point"]["stated_prevalence"] == 0.05
    assert "stated_prevalence" not in labels["Atelectasis"]["operating_point"]
    assert labels["Effusion"]["calibrated"]["method"] == "platt"


def test_how_far_stated_probabilities_are_off_is_said(hilum: Run, folder: Path) -> None:
    result = hilum("judge", folder / "test.parquet", "--replicates", 100)
    said = " ".join(result.stdout.split())
    for words in ("in the large", "slope", "stated − observed", "! Atelectasis: Where it states 0.", "images had the"):
        assert words in said
    assert max(map(len, result.stdout.splitlines())) <= 100


@pytest.mark.parametrize("method", ["temperature", "platt", "isotonic"])
def test_a_calibration_that_turns_the_scores_round_is_refused_in_one_line(
    hilum: Run, folder: Path, tmp_path: Path, method: str
) -> None:
    validation = fabricate_predictions(split="val", first_patient=500, seed=1)
    write_predictions(replace(validation, scores=1 - validation.scores), path=tmp_path / "turned.parquet")
    result = hilum("judge", folder / "test.parquet", "--validation", tmp_path / "turned.parquet", "--calibration",
                   method, "--replicates", 100)  # fmt: skip
    said = " ".join(result.stdout.split())
    assert "! Effusion is not calibrated: in the validation file: The scores rank the wrong way round" in said
    assert "refused" in said


def test_a_smoke_run_is_marked(hilum: Run, folder: Path, tmp_path: Path) -> None:
    smoke = replace(fabricate_predictions(), smoke=True)
    write_predictions(smoke, path=tmp_path / "smoke.parquet")
    assert "! a smoke run" in hilum("judge", tmp_path / "smoke.parquet", "--replicates", 100).stdout
    data = json.loads(hilum("judge", tmp_path / "smoke.parquet", "--replicates", 100, "--json").stdout)
    assert data["smoke"] is True
    assert "smoke run" not in hilum("judge", folder / "test.parquet", "--replicates", 100).stdout


def test_json(hilum: Run, folder: Path) -> None:
    result = hilum("judge", folder / "test.parquet", "--json", "--replicates", 100)
    assert result.exit_code == 0, result.stderr
    data = json.loads(result.stdout, parse_constant=pytest.fail)
    assert set(data["labels"]) == {"Atelectasis", "Effusion"}
    assert {"mean_auroc", "mean_auroc_ci", "protocol", "split_sha256"} <= set(data)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("none.parquet",), 1, "There is no file none.parquet; check the path"),
        (("test.parquet", "--validation", "test.parquet"), 1, "Nothing may be chosen or fitted on the split 'test'"),
        (("test.parquet", "--split", "val"), 1, "no split 'val'. Available: test"),
        (("test.parquet", "--sensitivity", "0.9"), 2, "Add --validation FILE"),
        (("test.parquet", "--validation", "val.parquet", "--prevalence", "5"), 2, "between 0 and 1"),
        (("test.parquet", "--validation", "val.parquet", "--sensitivity", "2"), 2, "sensitivity"),
        (("test.parquet", "--validation", "val.parquet", "--prevalence", "Hernia=0.1"), 2, "given for Hernia"),
        (("test.parquet", "--validation", "val.parquet", "--calibration", "magic"), 2, "temperature, platt, isotonic"),
        (("test.parquet", "--calibration", "platt"), 2, "Add --validation FILE"),
    ],
)
def test_failures_are_one_line(
    hilum: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, message: str
) -> None:
    monkeypatch.chdir(folder)
    result = hilum("judge", *arguments, "--replicates", 100)
    assert result.exit_code == code
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""


def test_judging_and_comparing_need_no_torch(folder: Path) -> None:
    blocked = ("torch", "torchvision", "timm", "lightning", "torchmetrics", "onnx", "pandas", "sklearn", "matplotlib")
    code = f"""
import importlib.abc, sys
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path, target=None):
        if fullname.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{fullname!r}}", name=fullname)
sys.meta_path.insert(0, Absent())
from hilum.cli.main import main
main()
"""
    for words in (["judge", "test.parquet"], ["compare", "a=test.parquet", "b=test.parquet"]):
        result = subprocess.run(
            [sys.executable, "-c", code, *words, "--replicates", "100"], cwd=folder, capture_output=True, text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        assert "Atelectasis" in result.stdout


def test_without_pyarrow_the_install_command_is_named(folder: Path) -> None:
    code = "import sys; sys.modules['pyarrow'] = None\nfrom hilum.cli.main import main\nmain()"
    result = subprocess.run(
        [sys.executable, "-c", code, "judge", "test.parquet"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert 'pip install "hilum[lab]"' in result.stderr


def test_held_out_predictions_are_a_look_whoever_made_them(hilum: Run, folder: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "L.jsonl"
    words = ("--replicates", 100, "--ledger", ledger)
    for _ in range(2):  # the same predictions are the same look
        result = hilum("judge", folder / "test.parquet", *words)
        assert result.exit_code == 0, result.stderr
        assert f"recorded in {ledger}: 1, 1 of them of this model" in result.stderr
    (line,) = [json.loads(text) for text in ledger.read_text().splitlines()]
    assert (line["kind"], line["judged"]) == ("look", "test.parquet")
    assert "recorded in" not in hilum("judge", folder / "val.parquet", *words).stderr
    ledger.write_text("{bad\n")
    damaged = hilum("judge", folder / "test.parquet", *words)
    assert (damaged.exit_code, damaged.stdout) == (1, "")
    assert "Line 1 of" in damaged.stderr


def test_a_file_that_does_not_say_its_design_is_judged_as_stated(hilum: Run, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.parquet"
    table = pq.read_table(folder / "test.parquet").replace_schema_metadata({"protocol": "5-fold CV"})
    pq.write_table(table, path)
    refused = hilum("judge", path, "--replicates", 100)
    assert refused.exit_code == 1
    assert "Add --design 'held out' or --design cross-validated" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    told = hilum("judge", path, "--replicates", 100, "--design", "cross-validated", "--json")
    assert json.loads(told.stdout)["design"] == "cross-validated"
    wrong = hilum("judge", path, "--replicates", 100, "--design", "pooled")
    assert wrong.exit_code == 2
    assert "must be 'held out' or 'cross-validated', not 'pooled'" in wrong.stderr


def test_a_label_of_few_patients_is_marked_on_the_terminal(hilum: Run, tmp_path: Path) -> None:
    """One ill patient has no interval and no place in the mean; seven have a mark; no digit says certainty."""
    p = fabricate_predictions(patients=60, labels=("Effusion", "Hernia", "Mass"), missing=0.0)
    truth = p.truth.copy()
    truth[:, 1:] = 0.0
    truth[0, 1] = 1.0
    truth[[p.patient.index(name) for name in dict.fromkeys(p.patient)][:7], 2] = 1.0
    write_predictions(replace(p, truth=truth), path=tmp_path / "rare.parquet")
    result = hilum("judge", tmp_path / "rare.parquet", "--replicates", 100)
    assert result.exit_code == 0, result.stderr
    said = " ".join(result.stdout.split())
    assert "! not in the mean: Hernia: only 1 patient with a positive image; an interval needs 5" in said
    assert "[no interval]" in said
    assert "! Mass: only 7 patients with a positive image: the interval may be too narrow" in said
    assert "over 2 labels: Effusion, Mass" in said


def test_decisions_that_are_all_right_have_a_width_on_the_terminal(hilum: Run, tmp_path: Path) -> None:
    p = fabricate_predictions(patients=30, labels=("Effusion",), missing=0.0)
    perfect = replace(p, scores=0.8 * p.truth + 0.1)
    validation = fabricate_predictions(labels=("Effusion",), split="val", first_patient=500, seed=1, strength=4.0)
    write_predictions(perfect, path=tmp_path / "test.parquet")
    write_predictions(
        replace(validation, scores=0.8 * validation.truth.clip(0, 1) + 0.1), path=tmp_path / "val.parquet"
    )
    result = hilum("judge", tmp_path / "test.parquet", "--validation", tmp_path / "val.parquet", "--replicates", 100)
    assert result.exit_code == 0, result.stderr
    assert "1.000 [0." in result.stdout
    assert "[1.000, 1.000]" not in result.stdout


def write_csv(path: Path, *, split: str | None = None, seed: int = 0, first: int = 0) -> Path:
    """Scores of 60 patients as a student has them."""
    rows = fabricate_predictions(seed=seed, first_patient=first)
    lines = ["file,patient,Effusion,Effusion_prob" + ("" if split is None else ",split")]
    column = rows.labels.index("Effusion")
    for row in range(rows.n):
        truth, score = rows.truth[row, column], rows.scores[row, column]
        cells = [rows.image[row], rows.patient[row], "" if truth != truth else f"{truth:g}", f"{score:.6f}"]
        lines.append(",".join(cells if split is None else [*cells, split]))
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_csv_with_a_protocol_is_judged(hilum: Run, tmp_path: Path) -> None:
    scores = write_csv(tmp_path / "scores.csv")
    result = hilum("judge", scores, "--protocol", "made up, by patient", "--replicates", 100)
    assert result.exit_code == 0, result.stderr
    assert "scores.csv: images in file, patients in patient, no column of splits" in " ".join(result.stderr.split())
    assert "Effusion" in result.stdout
    assert "made up, by patient" in result.stdout
    without = hilum("judge", scores)
    assert without.exit_code == 2
    assert "say it in a sentence: --protocol" in " ".join(without.stderr.split())


def test_a_csv_with_a_validation_split_gives_decisions_and_so_do_two_files(hilum: Run, tmp_path: Path) -> None:
    test = write_csv(tmp_path / "test.csv", split="test")
    val = write_csv(tmp_path / "val.csv", split="validation", seed=1, first=500)
    both = tmp_path / "scores.csv"
    both.write_text(test.read_text() + val.read_text().split("\n", 1)[1])
    common = ("--protocol", "made up", "--replicates", 100, "--json", "--ledger", tmp_path / "ledger.jsonl")
    one = hilum("judge", both, *common)
    assert one.exit_code == 0, one.stderr
    assert "judged: test; operating points from: validation" in one.stderr
    two = hilum("judge", test, "--validation", val, *common)
    assert two.exit_code == 0, two.stderr
    points = [json.loads(result.stdout)["labels"]["Effusion"]["operating_point"] for result in (one, two)]
    assert points[0] == points[1]
    assert 0 < points[0]["sensitivity"] <= 1


def test_one_label_has_no_mean(hilum: Callable[..., Result], tmp_path: Path) -> None:
    rows = [f"{n}.png,p{n},{n % 2},{(n * 7 % 11) / 14 + 3 * (n % 2) / 14:.3f}" for n in range(60)]
    (tmp_path / "one.csv").write_text("\n".join(["image,patient,truth,score", *rows]))
    shown = hilum("judge", tmp_path / "one.csv", "--protocol", "made up", "--replicates", 100).stdout
    assert "AUROC [95%]" in shown
    assert "mean AUROC" not in shown
    assert "1 labels" not in shown


def test_intervals_at_one_have_width(hilum: Run, tmp_path: Path) -> None:
    """Four of four found is no certainty."""
    lines = ["image,patient,split,Mass,Mass_score"]
    for part, ill, seed in (("test", 6, 1), ("validation", 7, 2)):
        drawn = np.random.default_rng(seed).uniform(0.0, 0.3, size=40)
        for row in range(40):
            score = (0.65 if row < ill else 0.05) + drawn[row]
            lines.append(f"{part}{row}.png,{part}{row},{part},{int(row < ill)},{score:.6f}")
    (tmp_path / "s.csv").write_text("\n".join(lines))
    arguments = ("judge", tmp_path / "s.csv", "--protocol", "made up", "--replicates", 100, "--json", "--ledger")
    result = hilum(*arguments, tmp_path / "ledger.jsonl")
    point = json.loads(result.stdout)["labels"]["Mass"]["operating_point"]
    for name in ("sensitivity", "specificity", "npv"):
        assert point[name] == 1.0
        low, high = point[f"{name}_ci"]
        assert low < 1.0
        assert high == 1.0

"""The SDFN study from the command line, by smoke runs on a fabricated miniature of ChestX-ray14 with boxes."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fabricate_lungs import write_lung_bundle
from fabricate_nih_chests import TEST_PATIENTS, fabricate_nih_chests
from hilum.datasets.releases.chestxray14 import read_chestxray14
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.systems.sdfn.maps import load_maps
from run_command import FOLDS, SMOKE, TWO_FOLDS, check_other_folds_are_refused, check_tables_alone, run, run_well

pytestmark = pytest.mark.slow

NETWORKS = ("whole", "lung", "sdfn")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`nih/`, the miniature, in which nobody has a hernia; and `lungs/`, the toy bundle that draws them."""
    folder = tmp_path_factory.mktemp("made")
    fabricate_nih_chests(folder / "nih", without=("Hernia",))
    write_lung_bundle(folder / "lungs")
    return folder


def words(made: Path, *, out: Path) -> list[str]:
    data, lungs = f"nih={made / 'nih'}", str(made / "lungs")
    return ["study", "sdfn", "--data", data, "--lungs", lungs, "--out", str(out), *SMOKE, *TWO_FOLDS]


@pytest.fixture(scope="module")
def study(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("study") / "out"
    assert "SMOKE, no result: mean AUROC, SDFN" in run_well(*words(made, out=out))
    return out


def test_every_image_outside_the_official_test_is_predicted_once_by_three_networks(made: Path, study: Path) -> None:
    records = {record.image: record for record in read_chestxray14(made / "nih")}
    pooled = [read_predictions(study / "predictions" / f"{network}.parquet") for network in NETWORKS]
    for one in pooled:
        assert one.image == pooled[0].image
        assert one.cross_validated
        assert one.smoke
        assert all(records[image].official == "train_val" for image in one.image)
    patients = {fold: set(read_predictions(study / fold / "whole.parquet").patient) for fold in FOLDS}
    assert not patients["fold-0"] & patients["fold-1"]


def test_no_patient_of_a_fold_is_among_those_its_networks_learnt_from(study: Path) -> None:
    parts = json.loads((study / "split.json").read_text())["parts"]
    for name, fold in (("fold 0", "fold-0"), ("fold 1", "fold-1")):
        held_out = {line[1] for line in parts[name]}
        assert set(read_predictions(study / fold / "sdfn.parquet").image) == held_out
        counts = json.loads((study / fold / "fold.json").read_text())["counts"]
        others = sum(len(part) for other, part in parts.items() if other != name)
        assert counts["test"] == len(held_out)
        assert counts["train"] + counts["validation"] == others
        assert min(counts.values()) > 0


def test_the_json_names_nobody_and_marks_what_lacks_an_outcome(study: Path) -> None:
    text = (study / "study.json").read_text()
    assert re.search(r"\d{8}_\d{3}|nih:\d", text) is None
    fields = json.loads(text)
    assert fields["smoke"] is True
    assert fields["protocol"].startswith("SMOKE cross-validated")
    assert fields["split_sha256"] == json.loads((study / "split.json").read_text())["sha256"]
    # of the first two fewer than five patients are ill, of the last none
    assert fields["ours"]["mean_left_out"] == ["Pneumonia", "Pleural Thickening", "Hernia"]
    assert fields["ours"]["labels"]["Hernia"]["undefined"] == "there are no positives"
    assert {claim["key"]: claim["verdict"] for claim in fields["claims"]}["lung-hernia"] == "not tested"
    assert fields["paper"]["auroc"]["Hernia"]["sdfn"] == 0.911
    assert (fields["folds"], fields["folds_done"]) == (2, 2)


def test_untrusted_lungs_are_counted_and_drawn(study: Path) -> None:
    lungs = json.loads((study / "study.json").read_text())["sections"]["lungs"]
    assert lungs["untrusted"] == lungs["flags"]["no lung"] > 0
    assert len(list((study / "flagged").glob("*.png"))) == lungs["untrusted"]


def test_heatmaps_are_drawn_side_by_side_and_boxed_images_with_their_boxes(study: Path) -> None:
    boxed = load_maps(study / "fold-0" / "boxed-maps.npz")
    assert {int(one.image[:8]) for one in boxed} <= {40 - i for i in range(TEST_PATIENTS)}
    assert not (study / "fold-1" / "boxed-maps.npz").exists(), "boxed images are drawn by one fold's networks"
    page = (study / "study.html").read_text()
    assert page.count("1 box<br>") == len(boxed) > 0
    assert page.count('alt="SDFN heatmap of') == page.count('alt="whole-image heatmap of') == len(boxed) + 13
    assert len(list((study / "heatmaps").glob("*_sdfn.png"))) == len(boxed) + 13


def test_tables_and_figures_are_written(study: Path) -> None:
    assert {path.name for path in (study / "figures").iterdir()} == {
        "roc.png", "roc.svg", "differences.png", "differences.svg",
    }  # fmt: skip
    names = {path.stem for path in (study / "tables").glob("*.csv")}
    assert {"paper", "ours", "differences", "claims", "paired_t", "by_view", "lungs"} <= names


def test_tables_alone_train_nothing_and_say_the_same(made: Path, study: Path) -> None:
    check_tables_alone(words(made, out=study), study=study)


def test_a_killed_study_goes_on_and_ends_as_one_that_was_not(made: Path, study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-c", "from hilum.cli.main import main; main()", *words(made, out=out)]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    first = out / "fold-0" / "whole" / "weights.safetensors"
    while killed.poll() is None and not first.is_file():
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert not (out / "study.json").exists()
    ended = first.stat().st_mtime_ns
    run_well(*words(made, out=out))
    assert first.stat().st_mtime_ns == ended, "the stage that had ended is not trained again"
    ours, theirs = (json.loads((folder / "study.json").read_text()) for folder in (out, study))
    assert ours["ours"] == theirs["ours"]
    assert ours["claims"] == theirs["claims"]


def test_another_recipe_or_another_number_of_folds_is_refused_there(made: Path, study: Path) -> None:
    other = run(*words(made, out=study), "--recipe", "sdfn")
    assert (other.exit_code, "another run" in other.output) == (2, True)
    check_other_folds_are_refused(words(made, out=study))


def test_bad_options(made: Path, tmp_path: Path) -> None:
    for more, said in (
        (["--recipe", "gate"], "sdfn-local or sdfn"),
        (["--tables-only"], "no predictions of any fold"),
    ):
        refused = run(*words(made, out=tmp_path / "out"), *more)
        assert refused.exit_code != 0
        assert said in " ".join(refused.output.split())
    plain = run("study", "sdfn", "--data", str(tmp_path), "--weights", "random", "--out", str(tmp_path / "out"))
    assert plain.exit_code != 0
    assert "Give the folder of the data set itself" in " ".join(plain.output.split())
    lungs = run("study", "lungs", "--data", f"nih={made}", "--weights", "random", "--out", str(tmp_path / "out"))
    assert (lungs.exit_code, "--data FOLDER once" in lungs.output) == (2, True)


def test_the_papers_pair_runs_by_smoke(made: Path, tmp_path: Path) -> None:
    run_well(*words(made, out=tmp_path / "out"), "--recipe", "sdfn")
    fields = json.loads((tmp_path / "out" / "study.json").read_text())
    assert fields["smoke"] is True
    assert "densenet121 pair" in fields["protocol"]
    assert fields["settings"]["backbone"] == "densenet121"

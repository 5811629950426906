"""The study and the training of the adult's chest from the command line: smoke runs on a fabricated miniature."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from fabricate_lungs import write_lung_bundle
from fabricate_nih_chests import fabricate_nih_chests
from hilum.bundle.load import load_bundle
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.reading.reader import Reader
from run_command import SMOKE, run, run_well

pytestmark = pytest.mark.slow

ARMS = ("local", "crop", "mean")
COARSE_PX = 48


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`nih/`, the miniature; `nih_coarse/`, small pictures of some patients; and `lungs/`, who draws lungs."""
    folder = tmp_path_factory.mktemp("made")
    fabricate_nih_chests(folder / "nih", without=("Hernia",))
    (folder / "nih_coarse").mkdir()
    for path in sorted((folder / "nih" / "images").iterdir())[60:76]:
        with Image.open(path) as picture:
            picture.resize((COARSE_PX, COARSE_PX)).save(folder / "nih_coarse" / path.name)
        path.unlink()
    write_lung_bundle(folder / "lungs")
    return folder


def words(made: Path, *, kind: str, out: Path) -> list[str]:
    data = ["--data", f"nih={made / 'nih'}", "--data", f"nih={made / 'nih_coarse'}"]
    return [kind, "chest-adult", *data, *SMOKE, "--lungs", str(made / "lungs"), "--out", str(out)]


@pytest.fixture(scope="module")
def study(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("study") / "out"
    assert "SMOKE, no result: mean AUROC, mean of both" in run_well(*words(made, kind="study", out=out))
    return out


def test_every_fine_picture_is_predicted_once_and_no_coarse_one(made: Path, study: Path) -> None:
    coarse = {path.name for path in (made / "nih_coarse").iterdir()}
    for arm in ARMS:
        pooled = read_predictions(study / "predictions" / f"{arm}.parquet")
        assert pooled.cross_validated
        assert pooled.smoke
        assert len(set(pooled.image)) == pooled.n
        assert not coarse & set(pooled.image)


def test_the_page_and_the_json_say_what_may_be_decided_and_on_what_it_rests(study: Path) -> None:
    found = json.loads((study / "study.json").read_text())["sections"]
    assert set(found) == {"ships", "earned", "earned_alone", "baselines", "inside_lungs"}
    assert set(found["earned_alone"]) == set(found["earned"])
    assert not found["ships"]["ships"], "no label of a smoke run has 40 positives"
    assert all(not label["earned"] and label["why_not"] for label in found["earned"].values())
    assert set(found["baselines"]["Mass"]) == {"view", "age", "view, age and sex"}
    assert "Cardiomegaly" not in found["inside_lungs"], "the heart is none of the lungs"
    page = (study / "study.html").read_text()
    assert "Nothing ships: no label has 40 positives" in page
    assert "not reliable here" in page


def test_the_folds_go_on_where_they_were(made: Path, study: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(study, tmp_path / "again")
    kept = (copied / "fold-0" / "local" / "train" / "weights.safetensors").stat().st_mtime_ns
    (copied / "fold-1" / "mean.parquet").unlink()
    run_well(*words(made, kind="study", out=copied))
    assert (copied / "fold-0" / "local" / "train" / "weights.safetensors").stat().st_mtime_ns == kept
    again, before = (json.loads((folder / "study.json").read_text()) for folder in (copied, study))
    hours = [one.pop("trained") for one in (again, before)]
    assert again == before
    assert hours[0]["trainings"] == hours[1]["trainings"]


def test_a_bundle_is_made_that_reads_and_decides_nothing(made: Path, study: Path, tmp_path: Path) -> None:
    run_well(*words(made, kind="train", out=tmp_path / "run"), "--study", str(study))
    bundle = load_bundle(tmp_path / "run" / "bundle")
    assert (bundle.card.name, bundle.card.kind) == ("chest-adult", "fusion")
    assert bundle.card.scope.age_years == (16.0, 120.0)
    assert bundle.card.smoke
    assert all(label.not_reliable and label.operating_point is None for label in bundle.card.labels)
    picture = next((made / "nih" / "images").iterdir())
    reading = Reader(models=[bundle]).read(picture)
    assert {finding.positive for finding in reading.findings} == {None}


def test_lungs_and_settings_must_be_those_of_the_study(made: Path, study: Path, tmp_path: Path) -> None:
    other = write_lung_bundle(tmp_path / "other-lungs", name="other-lungs")
    arguments = words(made, kind="train", out=tmp_path / "run")
    arguments[arguments.index("--lungs") + 1] = str(other.folder)
    refused = run(*arguments, "--study", str(study))
    assert refused.exit_code != 0
    others = run(
        *words(made, kind="train", out=tmp_path / "run"), "--study", str(study), "--set", "crop.stages.train.epochs=1"
    )
    assert "crop.stages.train.epochs is 2 in the study in" in others.output.replace("\n", " ")
    assert "used other lungs than" in refused.output.replace("\n", " ")

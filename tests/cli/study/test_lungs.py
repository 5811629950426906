"""The lung study and its bundle from the command line, by smoke runs on fabricated releases."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fabricate_lung_releases import write_lung_releases
from hilum.bundle.load import load_bundle
from hilum.bundle.seen_images import seen_images_of
from hilum.cli.main import app

pytestmark = pytest.mark.slow

EACH = 10  # a smoke run takes so many pictures of each release


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lung_releases(tmp_path_factory.mktemp("releases"), each=EACH + 2)


@pytest.fixture(scope="module")
def study(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("study") / "out"
    done = run("study", "lungs", "--data", data, "--weights", "random", "--out", out, "--smoke")
    assert done.exit_code == 0, done.output
    return out


def test_five_folds_are_judged_once_and_the_numbers_are_marked(data: Path, study: Path) -> None:
    fields = json.loads((study / "study.json").read_text())
    assert fields["protocol"].startswith("SMOKE")
    assert set(fields["arms"]) == {"all", "free"}
    for arm in fields["arms"].values():
        counted = {(figure["source"], figure["name"]): figure["n"] for figure in arm["figures"]}
        named = {("lungs", "Dice, whole lungs"), ("lungs_tb", "Dice, fields"), ("wingspan", "Dice, fields")}
        assert {counted[name] for name in {*named, ("wingspan", "Dice, heart")}} == {EACH}
        assert ("lungs_tb", "Dice, right field") not in counted, "nobody drew it"
    assert {figure["source"] for figure in fields["differences"]} == {"lungs", "lungs_tb", "wingspan"}
    predictions = {path: path.stat().st_mtime_ns for path in study.glob("fold-*/*.npz")}
    assert len(predictions) == 10
    again = run("study", "lungs", "--data", data, "--weights", "random", "--out", study, "--smoke")
    assert again.exit_code == 0, again.output
    assert {path: path.stat().st_mtime_ns for path in study.glob("fold-*/*.npz")} == predictions
    assert json.loads((study / "study.json").read_text()) == fields


def test_another_recipe_in_the_same_folder_is_refused(data: Path, study: Path) -> None:
    other = run("study", "lungs", "--data", data, "--weights", "random", "--out", study)
    assert other.exit_code == 2
    assert "holds another run: its smoke is True, here False" in other.output


def test_predictions_of_unknown_origin_are_not_taken_for_this_study(data: Path, study: Path, tmp_path: Path) -> None:
    (tmp_path / "fold-0").mkdir()
    (tmp_path / "fold-0" / "all.npz").write_bytes((study / "fold-0" / "all.npz").read_bytes())
    refused = run("study", "lungs", "--data", data, "--weights", "random", "--out", tmp_path, "--smoke")
    assert refused.exit_code == 2
    assert "no run.json that says what made it" in refused.output


def test_a_bundle_comes_of_it_that_draws(data: Path, study: Path, tmp_path: Path) -> None:
    words = ("train", "lungs", "--data", f"lungs={data}", "--weights", "random", "--study", study)
    made = run(*words, "--out", tmp_path / "run", "--smoke")
    assert made.exit_code == 0, made.output
    card = load_bundle(tmp_path / "run" / "bundle").card
    assert seen_images_of(load_bundle(tmp_path / "run" / "bundle")).train.pictures.any(axis=1).all()
    assert card.kind == "lungs"
    assert card.protocol.startswith("SMOKE")
    assert card.lungs is not None
    assert card.lungs.structures == ("right field", "left field", "right lung", "left lung", "heart")
    assert card.lungs.compression.dice_before - card.lungs.compression.dice_after < 0.002
    image = data / "lungs" / "images" / "chest0000.png"
    drawn = run("segment", image, "--model", tmp_path / "run" / "bundle", "--out", tmp_path / "drawn", "--no-gate")
    assert drawn.exit_code == 0, drawn.output
    assert (tmp_path / "drawn" / "chest0000.png.mask.png").is_file()


def test_a_smoke_study_makes_no_real_bundle(data: Path, study: Path, tmp_path: Path) -> None:
    words = ("train", "lungs", "--data", f"lungs={data}", "--weights", "random", "--study", study)
    refused = run(*words, "--out", tmp_path / "run")
    assert refused.exit_code == 2
    assert "smoke" in refused.output
    assert not (tmp_path / "run" / "bundle").exists()

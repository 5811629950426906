"""An ensemble on the command line, from what nobody calibrated to what reads, and how it is judged."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from typer.testing import CliRunner

from fabricate_bundle import ToyBundle, ToyNetwork
from fabricate_ensemble import ToyEnsemble, write_ensemble
from fabricate_own_images import CHESTS, LABELS, RAW, fabricate_own_images, toy_network
from hilum.bundle.load import Bundle, load_bundle
from hilum.cli.main import app
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.reading.reader import Reader
from hilum.stated import Stated
from hilum.training.joining.weights import fit_weights

ADULT = ("--age", "50", "--view", "PA", "--force-type", "chest", "--no-gate")


@dataclass(frozen=True)
class Own:
    """Labelled pictures, and an ensemble that decides nothing."""

    data: Path
    bundle: Bundle


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Own:
    folder = tmp_path_factory.mktemp("own")
    first = toy_network()
    steeper = ToyNetwork(first.kernel, first.shift, 2 * first.weights, 2 * first.bias + np.float32(1))
    toy = ToyBundle(name="toy-ensemble", labels=LABELS, calibration=RAW, operating_point=None, scope=CHESTS)
    bundle = write_ensemble(folder / "ensemble", ensemble=ToyEnsemble((first, steeper)), toy=toy)
    return Own(fabricate_own_images(folder).data, bundle)


@pytest.fixture(scope="module")
def calibrated(own: Own, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "ours"
    words = [
        "models",
        "calibrate",
        str(own.bundle.folder),
        "--data",
        f"table={own.data}",
        "--no-gate",
        "--out",
        str(out),
    ]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.stderr
    return out


def test_calibrated_on_ones_own_images_it_keeps_its_members_and_decides(own: Own, calibrated: Path, hilum: Any) -> None:
    card = load_bundle(calibrated).card
    assert (card.kind, card.ensemble) == ("ensemble", own.bundle.card.ensemble)
    assert card.labels[0].operating_point is not None
    found = {}
    for folder in (own.bundle.folder, calibrated):
        result = hilum("read", own.data / "000.png", "--model", folder, *ADULT, "--json")
        assert result.exit_code == 0, result.stderr
        found[folder] = json.loads(result.stdout)["findings"][0]
    before, after = found.values()
    assert (before["positive"], before["members_disagree"]) == (None, None)
    assert isinstance(after["members_disagree"], bool)
    slope, intercept = card.labels[0].calibration.slope, card.labels[0].calibration.intercept
    for raw, member in zip(before["members"], after["members"], strict=True):
        assert raw["logit"] == pytest.approx(member["logit"])
        assert raw["positive"] is None
        assert member["probability"] == pytest.approx(expit(slope * member["logit"] + intercept), abs=1e-6)
        assert member["positive"] is (member["probability"] >= after["operating_point"])


def test_it_is_judged_by_its_mean(own: Own, calibrated: Path, hilum: Any, tmp_path: Path) -> None:
    words = ("--data", f"table={own.data}", "--split", "all", "--replicates", 100, "--no-gallery")
    result = hilum(
        "evaluate", own.bundle.folder, *words, "--out", tmp_path / "out", "--ledger", tmp_path / "ledger.jsonl"
    )
    assert result.exit_code == 0, result.stderr
    predictions = read_predictions(tmp_path / "out" / "predictions.parquet")
    read = hilum("read", own.data / "000.png", "--model", own.bundle.folder, *ADULT, "--json")
    said = [finding["probability"] for finding in json.loads(read.stdout)["findings"]]
    row = list(predictions.image).index("000.png")
    assert list(predictions.scores[row]) == pytest.approx(said, abs=1e-6)


@pytest.fixture(scope="module")
def pair(own: Own, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two models of one picture, of which the second is steeper."""
    folder, first = tmp_path_factory.mktemp("pair"), toy_network()
    steeper = ToyNetwork(first.kernel, first.shift, 3 * first.weights, 3 * first.bias + np.float32(1))
    made = [
        ToyBundle(name=name, network=network, labels=LABELS, calibration=RAW, operating_point=None, scope=CHESTS).write(
            folder / name
        )
        for name, network in (("mild", first), ("steep", steeper))
    ]
    return made[0].folder, made[1].folder


def said(result: Any) -> str:
    return " ".join(result.stderr.split())


def test_two_models_become_one_that_reads_and_marks_a_dispute(
    own: Own, pair: tuple[Path, Path], hilum: Any, tmp_path: Path
) -> None:
    out = tmp_path / "both"
    words = ("--data", f"table={own.data}", "--fit-weights", "--name", "both", "--out", out)
    gated = hilum("ensemble", *pair, *words)
    assert gated.exit_code == 1
    assert "add --no-gate to fit on what that check does not accept" in said(gated)
    result = hilum("ensemble", *pair, *words, "--no-gate")
    assert result.exit_code == 0, result.stderr
    assert "weights: mild" in said(result)
    assert "on patients whom they did not know" in said(result)
    assert "Effusion 160 (" in " ".join(result.stdout.split())
    assert "caution: not every model names its training images" in said(result)
    card = load_bundle(out).card
    assert card.training.command == "hilum ensemble mild steep --data table=hospital --fit-weights --no-gate"
    assert str(own.data.parent) not in card.model_dump_json(), "no path of this machine"
    reader, adult = Reader(models=[load_bundle(out)]), Stated(age_years=50.0, view="PA", xray_type="chest")
    pictures = sorted(own.data.glob("*.png"))[:60]
    found = [reader.read(picture, stated=adult).findings[0] for picture in pictures]
    disputed = [picture for picture, finding in zip(pictures, found, strict=True) if finding.members_disagree]
    assert disputed, "a steep and a mild model part somewhere near the operating point"
    shown = hilum("read", disputed[0], "--model", out, *ADULT)
    assert "networks disagree" in shown.stdout
    assert "1 of 2 alone would say positive" in " ".join(shown.stdout.split())


def test_weights_from_predictions_of_validation_images(
    own: Own, pair: tuple[Path, Path], hilum: Any, tmp_path: Path
) -> None:
    files = []
    for model in pair:
        words = ("--data", f"table={own.data}", "--split", "all", "--replicates", 100, "--no-gallery")
        folder = tmp_path / model.name
        result = hilum("evaluate", model, *words, "--out", folder, "--ledger", tmp_path / "ledger.jsonl")
        assert result.exit_code == 0, result.stderr
        files += ["--weights-from", folder / "predictions.parquet"]
    result = hilum("ensemble", *pair, *files, "--out", tmp_path / "both")
    assert result.exit_code == 0, result.stderr
    weights = [member.weight for member in load_bundle(tmp_path / "both").card.ensemble.members]
    assert sum(weights) == pytest.approx(1.0)
    paths = [path for path in files if path != "--weights-from"]
    told = {path.parent.name: ValidationPredictions(read_predictions(path)) for path in paths}
    assert weights == pytest.approx(fit_weights(told, labels=LABELS).weights, abs=1e-8)
    assert "not fitted: Effusion, Nodule: nothing was fitted, because there are no validation images" in said(result)
    one = hilum("ensemble", *pair, *files[:2], "--out", tmp_path / "one")
    assert (one.exit_code, len(one.stderr.splitlines())) == (2, 1)
    assert "Give the predictions of every model, in the order of the models: 1 were given for 2 models" in one.stderr


def test_one_model_alone_and_models_that_do_not_match_are_one_line(
    pair: tuple[Path, Path], hilum: Any, tmp_path: Path
) -> None:
    other = ToyBundle(name="other", labels=("Mass", "Nodule"), network=toy_network(), scope=CHESTS)
    stranger = other.write(tmp_path / "other").folder
    for models, code, line in (
        (pair[:1], 2, "Name two models or more to join; given: mild"),
        ((pair[0], stranger), 2, "Add --common-labels"),
        ((pair[0], own_ensemble(tmp_path)), 1, "is an ensemble already"),
    ):
        result = hilum("ensemble", *models, "--out", tmp_path / "both")
        assert (result.exit_code, len(result.stderr.splitlines())) == (code, 1), result.stderr
        assert line in result.stderr
    assert not (tmp_path / "both").exists()


def own_ensemble(folder: Path) -> Path:
    return write_ensemble(folder / "ensemble").folder

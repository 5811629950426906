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
    words = ["models", "calibrate", str(own.bundle.folder), "--data", f"table={own.data}", "--out", str(out)]
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

"""`hilum quantise`: a model that reads in 8 bits, or exit code 1 and the table that says why not."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from fabricate_quantised import Trained, coarse_network, fabricate_trained
from hilum.bundle.load import load_bundle
from hilum.reading.engines.processor import this_processor

pytest.importorskip("nncf", reason="the optional part quantise is not installed")
pytestmark = pytest.mark.skipif(
    not this_processor().has_int8, reason="this processor has no 8-bit dot products, and nothing in 8 bits runs on it"
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return fabricate_trained(tmp_path_factory.mktemp("trained"))


def quantised(hilum: Any, trained: Trained, out: Path, *words: object) -> Any:
    asked = ("--data", f"table={trained.data}", "--out", out, "--calibration-images", "30", *words)
    return hilum("quantise", trained.bundle.folder, *asked)


def test_an_accepted_model_is_written_and_reads(hilum: Any, trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "models" / "small"
    result = quantised(hilum, trained, out, "--name", "small")
    assert result.exit_code == 0, result.stderr
    card = load_bundle(out).card
    assert card.name == "small"
    assert card.quantised is not None
    assert card.quantised.command == "hilum quantise toy --data table=hospital --calibration-images 30"
    assert "Effusion" in result.stdout
    assert f"Wrote {out} with overflow_fix={card.quantised.overflow_fix}" in result.stderr
    rows = list(csv.DictReader((tmp_path / "models" / "small.quantise.csv").open()))
    assert {row["overflow_fix"] for row in rows} == {"disable", "enable"}
    words = ("--age", "50", "--view", "PA", "--force-type", "chest", "--no-gate", "--json")
    read = hilum("read", trained.other[0].path, "--model", out, "--engine", "openvino-int8", *words)
    assert read.exit_code == 0, read.stderr
    assert json.loads(read.stdout)["findings"][0]["positive"] is not None
    shown = " ".join(hilum("models", "show", str(out)).stdout.split())
    assert "also in int8" in shown
    assert "made from toy 1.0.0" in shown


def test_a_refused_model_leaves_the_table_alone(hilum: Any, tmp_path: Path) -> None:
    harmed = fabricate_trained(tmp_path / "harmed", network=coarse_network())
    out = tmp_path / "models" / "none"
    result = quantised(hilum, harmed, out)
    assert result.exit_code == 1
    assert [path.name for path in out.parent.iterdir()] == ["none.quantise.csv"]
    assert "refused: Effusion: AUROC falls by" in result.stderr
    assert "No model was written; the table is in" in result.stderr

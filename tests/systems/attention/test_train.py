"""`hilum train attention` on fabricated chests, to the bundle that reads; and what a reading then shows."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from fabricate_nih_chests import fabricate_nih_chests
from hilum.bundle.load import Bundle, load_bundle
from hilum.cli.main import app
from hilum.datasets.releases.chestxray14 import LABELS
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.stated import Stated
from hilum.training.loop.checkpoints import load_weights

PAIR = ["--set", "backbone=squeezenet1_1", "--set", "crop_backbone=convnext_atto"]
ADULT = Stated(age_years=63.0, sex="F", view="AP", xray_type="chest")


@dataclass(frozen=True)
class Trained:
    folder: Path
    bundle: Bundle
    image: Path
    words: list[str]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("attention")
    data = fabricate_nih_chests(folder / "data", patients=60)
    words = ["train", "attention-local", "--smoke", "--data", f"nih={data}", "--weights", "random", *PAIR]
    words += ["--out", str(folder / "run"), "--cache", str(folder / "cache")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.stderr
    return Trained(folder, load_bundle(folder / "run" / "bundle"), next((data / "images").glob("*.png")), words)


@pytest.mark.slow
def test_the_card_tells_of_both_looks_and_how_often_the_graph_looks_elsewhere(trained: Trained) -> None:
    card = trained.bundle.card
    assert card.kind == "two-looks"
    assert card.smoke
    assert card.architecture == "squeezenet1_1 on the picture, convnext_atto on the crop that it attends to"
    part = card.two_looks
    assert part is not None
    assert [label.name for label in part.whole_labels] == [label.name for label in part.crop_labels] == list(LABELS)
    assert (part.attention, part.threshold, part.look) == ("most probable label", 0.7, (64, 64))
    assert part.crops_compared > 0
    assert part.crops_changed <= part.crops_compared / 10
    assert part.crops_whole <= part.crops_compared
    shown = CliRunner().invoke(app, ["models", "show", str(trained.bundle.folder)])
    said = " ".join(shown.stdout.split())
    assert f"elsewhere than the trained network in {part.crops_changed} of {part.crops_compared}" in said
    weights, about = load_weights(trained.folder / "run" / "train" / "weights.safetensors")
    assert weights["fusion.head.weight"].shape == (14, 512 + 320 + 8)
    assert about["started_from"] == "random"


@pytest.mark.slow
def test_a_reading_shows_each_look_what_is_known_and_the_crop(trained: Trained) -> None:
    reader = Reader(models=[trained.bundle], settings=ReaderSettings(heatmaps="all"))
    examination = reader.examine(trained.image, stated=ADULT)
    reading = examination.reading
    assert [finding.name for finding in reading.findings] == list(LABELS)
    for finding in reading.findings:
        assert [look.name for look in finding.looks] == ["whole picture", "crop"]
        assert [one.name for one in finding.told] == ["age 63", "female", "AP"]
        assert finding.members == ()
    (crop,) = reading.crops
    with Image.open(trained.image) as picture:
        assert crop.box.x + crop.box.width <= picture.width
        assert crop.box.y + crop.box.height <= picture.height
    assert [step.step for step in reading.trail if step.step == "crop"] == ["crop"]
    # what is told adds up: without it, the logit is less by just that
    unknown = reader.examine(trained.image, stated=Stated(xray_type="chest")).reading
    for finding, without in zip(reading.findings, unknown.findings, strict=True):
        assert without.told == ()
        added = sum(one.logit for one in finding.told)
        assert finding.logit - without.logit == pytest.approx(added, abs=1e-4)
    maps = {heatmap.finding: heatmap for heatmap in examination.heatmaps}
    assert all(np.isfinite(maps[label].grid).all() for label in LABELS)


@pytest.mark.slow
def test_the_command_line_writes_looks_crop_and_what_is_told(trained: Trained, tmp_path: Path) -> None:
    words = ["read", str(trained.image), "--model", str(trained.bundle.folder), "--no-gate", "--force-type", "chest"]
    words += ["--age", "63", "--sex", "F", "--view", "AP"]
    result = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out")])
    assert result.exit_code in (0, 1), result.stderr
    (line,) = (tmp_path / "out" / "readings.jsonl").read_text(encoding="utf-8").splitlines()
    finding = json.loads(line)["findings"][0]
    assert [look["name"] for look in finding["looks"]] == ["whole picture", "crop"]
    assert [one["name"] for one in finding["told"]] == ["age 63", "female", "AP"]
    page = (tmp_path / "out" / f"{trained.image.name}.html").read_text(encoding="utf-8")
    shown = CliRunner().invoke(app, words)
    assert "whole picture 0." in shown.stdout
    assert "age 63 " in shown.stdout
    assert '<button type="button" id="crop"' in page
    assert (
        ": the part that the whole picture draws attention to (most probable label, at least 0.7 of its range)," in page
    )


@pytest.mark.slow
def test_the_same_command_takes_the_bundle_as_it_is(trained: Trained) -> None:
    before = (trained.bundle.folder / "card.json").stat().st_mtime_ns
    assert CliRunner().invoke(app, trained.words).exit_code == 0
    assert (trained.bundle.folder / "card.json").stat().st_mtime_ns == before
    other = CliRunner().invoke(app, [*trained.words, "--set", "attention.threshold=0.5"])
    assert other.exit_code != 0
    assert "holds another run" in other.stderr

"""`hilum localise` as a user sees it: a network that looks at brightness finds bright squares."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from fabricate_boxes import fabricate_boxes
from fabricate_bundle import ToyBundle, ToyNetwork
from fabricate_releases import fabricate_chestxray14
from hilum.bundle.card import HeatmapSpec

Hilum = Callable[..., Result]


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fabricate_boxes(tmp_path_factory.mktemp("boxes"))


@pytest.fixture
def localised(hilum: Hilum, toy: Path, boxes: Path, tmp_path: Path) -> tuple[Result, Path]:
    out = tmp_path / "out"
    words = ("--threshold", "0.7", "--threshold", "0.5", "--replicates", 200, "--ledger", tmp_path / "L.jsonl")
    return hilum("localise", toy, "--boxes", f"boxes={boxes}", "--out", out, *words), out


def test_bright_squares_are_found_better_than_the_average_box_finds_them(
    localised: tuple[Result, Path], tmp_path: Path
) -> None:
    result, out = localised
    assert result.exit_code == 0, result.output
    assert "Pneumonia: 24 images" in " ".join(result.stdout.split())
    found = json.loads((out / "localisation.json").read_text())
    assert found["schema"] == "hilum.localisation/1"
    own, average, even = (found["labels"]["Pneumonia"][by] for by in ("own", "average box", "even map"))
    assert (own["images"], own["patients"], own["maps_without_a_box"], own["pointing"]) == (24, 12, 0, 1.0)
    at = own["at"]["0.7"]
    # the square is one of 4 x 4 cells; between centres the map falls linearly, so the box at 0.7 is narrower
    assert 0.3 < at["iou"] < 0.6
    assert at["iobb"] > 0.95
    assert at["iou_gain_ci"][0] > 0.1
    assert at["hits"]["0.1"]["share"] == 1.0
    assert at["hits"]["0.7"]["share"] == 0.0
    assert own["at"]["0.5"]["iou"] > at["iou"]
    assert average["pointing"] < 0.5
    assert even["pointing"] == pytest.approx(1 / 16)
    assert even["at"]["0.7"]["iou"] == pytest.approx(1 / 16)
    assert found["cross_fitted"]["Pneumonia"]["own"]["thresholds"] == [0.5] * 5
    assert "XGrad-CAM is the same picture as Grad-CAM" in found["methods"]["own"]["note"]
    assert not (tmp_path / "L.jsonl").exists(), "nothing is held out"
    assert "may flatter" in found["cautions"][0]


def test_page_tables_and_pictures_are_written_and_name_what_they_may(localised: tuple[Result, Path]) -> None:
    result, out = localised
    assert f"Wrote {out / 'localisation.html'}" in result.stderr
    assert "the average box of other patients" in " ".join(result.stdout.split())
    tables = {path.stem for path in (out / "tables").iterdir()}
    assert tables == {"overlap_70", "hits_70", "overlap_50", "hits_50", "pointing", "cross_fitted"}
    page = (out / "localisation.html").read_text()
    assert "Not to be set beside figures at thresholds that were fixed beforehand" in page
    assert len(list((out / "gallery").iterdir())) == 2 * 2
    rows = list(csv.DictReader((out / "cases.csv").open()))
    assert len(rows) == 24 * 3
    assert {"image", "label", "map", "IoU at 0.7", "IoBB at 0.5"} <= set(rows[0])
    for aggregated in ("localisation.json", "localisation.html"):
        assert "000.png" not in (out / aggregated).read_text()


def test_a_network_that_looks_elsewhere_is_no_better_than_the_average_box(
    hilum: Hilum, boxes: Path, tmp_path: Path
) -> None:
    """Its logit rises where it is dark, so its map is lowest in the square."""
    toy = ToyBundle(network=ToyNetwork.random(labels=1, seed=3)).write(tmp_path / "toy").folder
    out = tmp_path / "out"
    result = hilum("localise", toy, "--boxes", f"boxes={boxes}", "--out", out, "--replicates", 200, "--no-gallery")
    assert result.exit_code == 0, result.output
    found = json.loads((out / "localisation.json").read_text())["labels"]["Pneumonia"]["own"]
    assert found["at"]["0.7"]["iou_gain_ci"][0] < 0
    assert not (out / "gallery").exists()


def test_held_out_boxes_are_a_look_that_is_counted_once(hilum: Hilum, toy: Path, tmp_path: Path) -> None:
    boxes = fabricate_boxes(tmp_path / "boxes", patients=4, held_out="1")
    ledger = tmp_path / "L.jsonl"
    words = ("--boxes", f"boxes={boxes}", "--out", tmp_path / "out", "--ledger", ledger, "--replicates", 100)
    for _ in range(2):
        result = hilum("localise", toy, *words)
        assert result.exit_code == 0, result.output
        assert f"recorded in {ledger}: 1" in " ".join(result.stderr.split())
    intent, done = (json.loads(line) for line in ledger.read_text().splitlines())
    assert (intent["kind"], done["kind"], intent["look"]) == ("intent", "result", done["look"])
    assert intent["protocol"] == "images of boxes with boxes of Pneumonia"
    assert (done["n"], done["patients"], done["judged"]) == (8, 4, "boxes by own at 0.7")
    assert 0 < done["iou of own at 0.7"] < 1
    other = hilum("localise", toy, *words, "--threshold", "0.5")
    assert other.exit_code == 0, other.output
    assert len(ledger.read_text().splitlines()) == 3, "other thresholds: one more result"


def test_labels_of_another_name_are_bound_by_the_user(hilum: Hilum, toy: Path, tmp_path: Path) -> None:
    boxes = fabricate_boxes(tmp_path / "boxes", patients=3, label="Lung Opacity")
    words = ("--boxes", f"boxes={boxes}", "--out", tmp_path / "out", "--replicates", 100)
    refused = hilum("localise", toy, *words)
    assert refused.exit_code == 1
    assert "a label of the model (Pneumonia); boxes found: Lung Opacity" in " ".join(refused.stderr.split())
    told = hilum("localise", toy, *words, "--label", "Lung Opacity=Pneumonia", "--most", 4)
    assert told.exit_code == 0, told.output
    found = json.loads((tmp_path / "out" / "localisation.json").read_text())
    assert found["model_labels"] == {"Lung Opacity": "Pneumonia"}
    assert found["labels"]["Lung Opacity"]["own"]["images"] == 4
    assert "(Lung Opacity as Pneumonia), at most 4 images of each" in found["protocol"]


def test_a_release_with_boxes_and_a_model_of_one_of_its_labels(hilum: Hilum, tmp_path: Path) -> None:
    """ChestX-ray14: what the model does not have is counted, what has no box is not read."""
    release = fabricate_chestxray14(tmp_path / "nih")
    toy = ToyBundle(labels=("Mass",)).write(tmp_path / "toy").folder
    out = tmp_path / "out"
    words = ("--boxes", f"nih={release}", "--out", out, "--ledger", tmp_path / "L.jsonl", "--replicates", 100)
    result = hilum("localise", toy, *words)
    assert result.exit_code == 0, result.output
    found = json.loads((out / "localisation.json").read_text())
    assert found["left_out"]["images_by_label_not_of_the_model"] == {"Infiltration": 1}
    assert found["left_out"]["images_without_boxes"] == 4
    assert found["held_out"] is True
    assert found["labels"]["Mass"]["own"]["images"] == 1
    assert (out / "tables" / "left_out.csv").is_file()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--threshold", "1.5"], 2, "Thresholds must be above 0 and at most 1; given: 1.5"),
        (["--label", "Mass"], 2, "--label 'Mass' has no two names; say BOXES=MODEL"),
        (["--split", "train"], 2, "The data have no part 'train'. Available: none, and all"),
    ],
)
def test_wrong_words_are_one_line(
    hilum: Hilum, toy: Path, boxes: Path, tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    result = hilum("localise", toy, "--boxes", f"boxes={boxes}", "--out", tmp_path / "out", *words)
    assert result.exit_code == code
    assert said in " ".join(result.stderr.split())


def test_a_bundle_needs_a_folder_and_heatmaps(hilum: Hilum, toy: Path, boxes: Path, tmp_path: Path) -> None:
    result = hilum("localise", toy, "--boxes", f"boxes={boxes}")
    assert result.exit_code == 2
    assert "Missing option: --out FOLDER; " in result.stderr
    blind = ToyBundle(heatmap=HeatmapSpec(method="none")).write(tmp_path / "blind").folder
    result = hilum("localise", blind, "--boxes", f"boxes={boxes}", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "has no heatmaps, as its card says" in " ".join(result.stderr.split())


def test_a_torn_picture_is_left_out_and_counted(hilum: Hilum, toy: Path, tmp_path: Path) -> None:
    boxes = fabricate_boxes(tmp_path / "boxes", patients=3)
    whole = (boxes / "001.png").read_bytes()
    (boxes / "001.png").write_bytes(whole[: len(whole) - 20])
    result = hilum("localise", toy, "--boxes", f"boxes={boxes}", "--out", tmp_path / "out", "--replicates", 100)
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "out" / "localisation.json").read_text())
    assert found["labels"]["Pneumonia"]["own"]["images"] == 5
    assert "images left out: could not be read,1" in (tmp_path / "out" / "tables" / "left_out.csv").read_text()

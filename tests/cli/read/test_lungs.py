"""`hilum read` and lungs: drawn by what ships unless another is named, left out on request, told in the folder."""

import json
from pathlib import Path
from typing import Any

import pytest

from fabricate_bundle import SIZE, ToyBundle
from fabricate_dark_lungs import CASES, write_chest
from fabricate_lungs import write_lung_bundle
from hilum.bundle.card import Scope
from hilum.imaging.preprocess import CropLungs, PreprocessSpec, Resize

CROPPED = PreprocessSpec(steps=(CropLungs(), Resize(height=SIZE, width=SIZE, rule="stretch")), mean=(0.0,), std=(1.0,))


@pytest.fixture
def models(toy: Path, tmp_path: Path) -> tuple[object, ...]:
    """The toy specialist and the toy that calls what is dark lung; no gate."""
    return ("--model", toy, "--model", write_lung_bundle(tmp_path / "toy-lungs").folder, "--no-gate")


def read_json(hilum: Any, *arguments: object) -> Any:
    result = hilum("read", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_lungs_stand_in_the_json(hilum: Any, models: tuple[object, ...], tmp_path: Path) -> None:
    found = read_json(hilum, write_chest(tmp_path / "x.png", *CASES["two lungs"]), *models, "--heatmaps", "all")
    assert found["lungs"]["trusted"] is True
    assert found["lungs"]["box"] == [12.75, 49.0, 166.5, 163.0]
    assert found["lungs"]["model"]["name"] == "toy-lungs"
    assert 0 < found["findings"][0]["inside_lungs"] < 0.5
    assert [model["name"] for model in found["models"]] == ["toy-lungs", "toy"]


def test_without_lungs_there_are_none(hilum: Any, models: tuple[object, ...], tmp_path: Path) -> None:
    found = read_json(hilum, write_chest(tmp_path / "x.png", *CASES["two lungs"]), *models, "--no-lungs")
    assert found["lungs"] is None
    assert found["crops"] == []
    assert [model["name"] for model in found["models"]] == ["toy"]


def test_a_chosen_specialist_of_the_chest_gets_the_lungs_that_ship(hilum: Any, toy: Path, tmp_path: Path) -> None:
    image = write_chest(tmp_path / "x.png", *CASES["two lungs"])
    found = read_json(hilum, image, "--model", toy, "--no-gate")
    assert found["lungs"]["model"]["name"] == "lung-regions"
    hand = ToyBundle(name="hand-toy", scope=Scope(xray_type="hand", age_years=None, views=None))
    found = read_json(hilum, image, "--model", hand.write(tmp_path / "hand").folder, "--no-gate")
    assert found["lungs"] is None


def test_a_model_of_the_crop_cannot_go_without(hilum: Any, tmp_path: Path) -> None:
    image = write_chest(tmp_path / "x.png", *CASES["two lungs"])
    cropped = ToyBundle(name="cropped-toy", preprocess=CROPPED).write(tmp_path / "cropped").folder
    result = hilum("read", image, "--model", cropped, "--no-gate", "--no-lungs")
    assert result.exit_code == 2
    assert "cropped-toy reads the crop to the lungs" in result.stderr


def test_bad_input_is_said_on_the_terminal_and_on_the_page(
    hilum: Any, models: tuple[object, ...], tmp_path: Path
) -> None:
    for name, places in CASES.items():
        write_chest(tmp_path / "scans" / f"{name}.png", *places)
    write_chest(tmp_path / "scans" / "tiny.png", rows=9, columns=7)
    result = hilum("read", tmp_path / "scans", *models, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    said = " ".join(result.stdout.split())
    expected = {
        "two lungs": "both lungs were drawn",
        "no lung": "no lung was found",
        "one lung": "one lung was drawn",
        "more than two regions": "more than two regions were drawn",
        "touches the border": "the drawing touches the border",
        "all dark": "the drawing covers 100% of the picture",
        "tiny": "the picture is too small to outline lungs on",
    }
    for name, words in expected.items():
        assert words in said
        assert words in (tmp_path / "out" / f"{name}.png.html").read_text(encoding="utf-8")
    assert "ms an image: decode" in said
    assert ", lungs " in said

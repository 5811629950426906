"""`hilum models`: the shelf, and one card."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fabricate_bundle import ToyBundle, ToyNetwork
from fabricate_ensemble import write_ensemble
from fabricate_fusion import write_fusion
from hilum.bundle.save import write_bundle
from hilum.bundle.shelf import find
from hilum.cli.main import app
from hilum.cli.terminal.models_table import short_licence


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own shelf with one good bundle and one that was altered."""
    folder = tmp_path / "models"
    folder.mkdir()
    ToyBundle().write(folder / "toy")
    ToyBundle(name="broken").write(folder / "broken")
    (folder / "broken" / "model.onnx").write_bytes(b"altered")
    monkeypatch.setenv("HILUM_MODELS", str(folder))
    return folder


def test_list_says_what_each_model_reads_and_which_is_broken(hilum: Any, shelf: Path) -> None:
    result = hilum("models")
    assert result.exit_code == 0
    (row,) = [line.split() for line in result.stdout.splitlines() if line.startswith("toy ")]
    assert row[:4] == ["toy", "*", "chest", "any"]
    assert "Apache-2.0" in row
    (broken,) = [line for line in result.stdout.splitlines() if line.startswith("broken ")]
    assert broken.startswith("broken is broken: ")
    assert "altered" in " ".join(result.stdout.split())


def test_the_table_of_what_ships_fits_80_columns(shelf: Path) -> None:
    result = CliRunner().invoke(app, ["models"], env={"COLUMNS": "80", "NO_COLOR": "1"})
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    header = lines[0].split()
    shown = find("pneumonia-paediatric").card.labels[0].results[0]
    assert header == ["name", "reads", "ages", "findings", "AUROC", "size", "licence"]
    children = "\n".join(lines)[result.stdout.index("pneumonia-paediatric") :]
    for word in ("chest", "1–5", "Pneumonia", f"{shown.auroc:.3f}", "MB", "CC BY 4.0"):
        assert word in " ".join(children.split())


@pytest.mark.parametrize(
    ("terms", "short"),
    [
        (
            "Weights: CC BY-NC-SA 4.0 (the strictest of the data's terms), research use; starting weights A",
            "CC BY-NC-SA 4.0",
        ),
        ("Weights: CC BY 4.0, trained on Kermany et al. 2018, MIT; starting weights B, Apache-2.0.", "CC BY 4.0"),
        ("Weights: no terms of their own, trained on X, CC BY 4.0; starting weights C.", "none"),
        ("Ask the hospital.", "see card"),
    ],
)
def test_terms_in_a_word(terms: str, short: str) -> None:
    assert short_licence(terms) == short


def test_show_by_name_and_by_folder(hilum: Any, shelf: Path) -> None:
    by_name = hilum("models", "show", "toy")
    assert by_name.exit_code == 0
    assert "reading anything" in by_name.stdout
    assert by_name.stdout == hilum("models", "show", shelf / "toy").stdout


def test_of_a_gate_show_says_what_it_recognises_and_of_lungs_what_is_outlined(hilum: Any) -> None:
    gate = " ".join(hilum("models", "show", "xray-gate").stdout.split())
    assert "recognises whether it is an X-ray of what: ankle, chest, dental" in gate
    assert "of a chest, whether it is turned, inverted or cropped, and its view: PA, AP, lateral" in gate
    assert "is_xray" not in gate.partition("architecture")[0]
    assert "outlines right field, left field" in " ".join(hilum("models", "show", "lung-regions").stdout.split())


def test_an_ensemble_is_listed_and_shown_with_its_networks(hilum: Any, shelf: Path) -> None:
    write_ensemble(shelf / "toy-ensemble")
    said = " ".join(hilum("models", "show", "toy-ensemble").stdout.split())
    assert "networks the mean of 3: first (toy), second (toy), third (toy)" in said


def test_show_as_json_is_the_card(hilum: Any, shelf: Path) -> None:
    result = hilum("models", "show", "toy", "--json")
    assert json.loads(result.stdout) == json.loads((shelf / "toy" / "card.json").read_text())


@pytest.mark.parametrize(("name", "said"), [("absent", "Available: "), ("broken", "altered")])
def test_show_of_what_cannot_be_shown(hilum: Any, shelf: Path, name: str, said: str) -> None:
    result = hilum("models", "show", name)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert said in result.stderr


def test_a_model_is_chosen_by_its_name_on_the_shelf(hilum: Any, shelf: Path, write_png: Any, tmp_path: Path) -> None:
    image = write_png(tmp_path / "x.png")
    result = hilum("read", image, "--model", "toy", "--no-gate", "--json")
    assert [model["name"] for model in json.loads(result.stdout)["models"]] == ["lung-regions", "toy"]


def test_a_folder_of_the_name_is_taken_for_a_bundle_only_where_it_has_a_card(
    hilum: Any, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "toy").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert hilum("models", "show", "toy").exit_code == 0
    ToyBundle(name="inner").write(tmp_path / "here" / "other")
    assert "inner" in hilum("models", "show", "other").stdout


def test_show_says_of_a_label_that_is_not_reliable_what_it_lacks(hilum: Any, shelf: Path) -> None:
    toy = ToyBundle(name="weak", labels=("Hernia", "Mass"), network=ToyNetwork.random(labels=2))
    hernia, mass = toy.card().labels
    lacks = {"operating_point": None, "not_reliable": "22 images with it to judge by, 40 are needed"}
    in_ap = {"not_reliable_in": ({"view": "AP", "why": "4 of 500 images with it"},)}
    card = toy.card().model_copy(update={"labels": (hernia.changed(lacks), mass.changed(in_ap))})
    write_bundle(shelf / "weak", card=card, files=toy.files())
    said = " ".join(hilum("models", "show", "weak").stdout.split())
    assert "Hernia: never decided, not reliable here: 22 images with it to judge by, 40 are needed" in said
    assert "Mass: positive from probability 0.500 (set by hand); not decided in view AP: 4 of 500 images" in said


def test_show_says_what_a_fusion_decides_where_the_lungs_are_not_trusted(hilum: Any, shelf: Path) -> None:
    write_fusion(shelf / "both", name="both")
    said = " ".join(hilum("models", "show", "both").stdout.split())
    assert "findings Edema, Pneumonia: positive from probability 0.500 (set by hand)" in said
    assert "lungs not trusted Edema, Pneumonia: positive from probability 0.400 (set by hand)" in said
    assert "lungs not trusted" not in hilum("models", "show", "toy").stdout


def test_where_the_lungs_are_not_trusted_the_model_for_adults_decides_what_the_texts_say() -> None:
    """README, limits-and-safety.md and chest-adult.md name these by hand."""
    card = find("chest-adult", local=None).card
    alone = {label.name: label.operating_point for label in card.labels_without_lungs}
    assert {name for name, point in alone.items() if point is None} == {"Emphysema", "Fibrosis"}
    assert {name for name, point in alone.items() if point is not None} == {"Cardiomegaly", "Edema", "Effusion"}


def test_the_model_for_adults_leaves_undecided_in_ap_views_what_the_texts_say() -> None:
    """limits-and-safety.md and chest-adult.md name these by hand."""
    card = find("chest-adult", local=None).card
    assert card.fusion is not None
    for labels in (card.labels, card.fusion.whole_labels):
        weak = {(label.name, one.view) for label in labels for one in label.not_reliable_in}
        assert weak <= {("Emphysema", "AP"), ("Fibrosis", "AP")}
    assert len([1 for label in card.labels if label.not_reliable_in]) == 2

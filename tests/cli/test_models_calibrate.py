"""`hilum models calibrate`, from a table of one's own to a bundle that decides."""

import json
from pathlib import Path
from typing import Any

import pytest

from fabricate_own_images import OwnFolder, fabricate_own_images
from hilum.bundle.load import load_bundle
from hilum.bundle.shelf import find


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> OwnFolder:
    return fabricate_own_images(tmp_path_factory.mktemp("own"))


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HILUM_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def calibrated(hilum: Any, own: OwnFolder, *words: object, data: Path | None = None) -> Any:
    """The pictures are no chests, so that no gate looks at them."""
    where = ("--data", f"table={data or own.data}", "--no-gate")
    return hilum("models", "calibrate", own.bundle.folder, *where, *words)


def test_into_the_users_models_folder_and_shown(hilum: Any, own: OwnFolder, shelf: Path) -> None:
    result = calibrated(hilum, own, "--called", "St. Elsewhere 2025")
    assert result.exit_code == 0, result.stderr
    bundle = find("toy-calibrated", local=shelf)
    assert bundle.folder == shelf / "toy-calibrated"
    label = bundle.card.labels[0]
    row = " ".join(result.stdout.split())
    assert f"Effusion 160 ({label.results[0].positives})" in row
    assert f"{label.operating_point:.3f}" in row
    assert f"{label.results[0].sensitivity:.3f}" in row
    assert "caution: toy does not name its training images" in result.stderr
    assert "fitted on 160 images of 80 patients; read with it: hilum read --model" in result.stderr
    assert bundle.card.calibrated_on.command == "hilum models calibrate toy --data table=hospital --no-gate"
    shown = " ".join(hilum("models", "show", "toy-calibrated").stdout.split())
    low, high = label.fit.operating_point_ci
    assert f"Effusion: positive from probability {label.operating_point:.3f} [{low:.3f}, {high:.3f}]" in shown
    assert "calibrated on St. Elsewhere 2025: 160 images of 80 patients" in shown
    assert "from toy 1.0.0: hilum models calibrate toy" in shown


def test_the_new_model_decides_in_a_reading(hilum: Any, own: OwnFolder, tmp_path: Path) -> None:
    assert calibrated(hilum, own, "--out", tmp_path / "ours").exit_code == 0
    words = ("--age", "50", "--view", "PA", "--force-type", "chest", "--no-gate", "--json")
    for model, decided in ((own.bundle.folder, False), (tmp_path / "ours", True)):
        result = hilum("read", own.data / "000.png", "--model", model, *words)
        finding = json.loads(result.stdout)["findings"][0]
        assert (finding["positive"] is not None) is decided


def test_what_the_gate_that_ships_does_not_let_through_is_left_out(hilum: Any, own: OwnFolder, tmp_path: Path) -> None:
    words = ("models", "calibrate", own.bundle.folder, "--data", f"table={own.data}", "--out", tmp_path / "ours")
    result = hilum(*words)
    assert result.exit_code == 1
    assert "All 160 images are outside the scope of toy" in result.stderr
    assert "add --no-gate to fit on what that check does not accept, or --outside-scope" in result.stderr
    assert not (tmp_path / "ours").exists()
    result = hilum(*words, "--outside-scope")
    assert result.exit_code == 0, result.stderr
    assert load_bundle(tmp_path / "ours").card.calibrated_on.images == 160


def test_a_table_by_its_own_name_with_columns_of_other_names(hilum: Any, own: OwnFolder, tmp_path: Path) -> None:
    theirs = (own.data / "table.csv").read_text().replace("truth:Effusion", "truth:fluid")
    table = own.data / "labels of 2025.csv"
    table.write_text(theirs)
    words = ("--as", "Effusion=fluid", "--label", "Effusion", "--sensitivity", "0.95", "--name", "ours")
    result = calibrated(hilum, own, *words, "--by", "us", "--out", tmp_path / "ours", data=table)
    table.unlink()
    assert result.exit_code == 0, result.stderr
    card = load_bundle(tmp_path / "ours").card
    assert (card.name, card.calibrated_on.by, card.calibrated_on.labels) == ("ours", "us", ("Effusion",))
    assert card.labels[0].operating_point_rule.startswith("sensitivity of at least 0.95 on 160 images of 80 patients")
    assert "of labels of 2025 (SHA-256" in card.labels[0].operating_point_rule
    assert card.labels[1] == own.bundle.card.labels[1]
    assert "--data 'table=labels of 2025.csv'" in card.calibrated_on.command
    assert str(own.data.parent) not in card.model_dump_json(), "no path of this machine"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--sensitivity", "0.9", "--specificity", "0.9"), 2, "one decides the other"),
        (("--as", "Effusion"), 2, "--as 'Effusion' has no two names; say LABEL=COLUMN"),
        (("--label", "Hernia"), 2, "toy has no label 'Hernia'. Available: Effusion, Nodule"),
        (("--as", "Effusion=fluid"), 1, "no label 'fluid'"),
        (("--data", "table=nowhere.csv"), 2, "there is no file or folder nowhere.csv for --data table"),
    ],
)
def test_what_cannot_be_asked_is_one_line(
    hilum: Any, own: OwnFolder, tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    result = calibrated(hilum, own, *words, "--out", tmp_path / "ours")
    assert result.exit_code == code
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "ours").exists()


def test_labels_that_were_not_fitted_are_said_with_the_reason(hilum: Any, own: OwnFolder, tmp_path: Path) -> None:
    lines = (own.data / "table.csv").read_text().splitlines()
    for path in own.data.glob("*.png"):
        (tmp_path / "few" / path.name).parent.mkdir(exist_ok=True)
        (tmp_path / "few" / path.name).write_bytes(path.read_bytes())
    without = [line.rpartition(",")[0] + ("," if number > 20 else f",{line[-1]}") for number, line in enumerate(lines)]
    without[0] = lines[0]
    (tmp_path / "few" / "table.csv").write_text("\n".join(without) + "\n")
    result = calibrated(hilum, own, "--out", tmp_path / "ours", data=tmp_path / "few")
    assert result.exit_code == 0, result.stderr
    said = [line for line in result.stderr.splitlines() if "not fitted" in line]
    assert len(said) == 1
    assert "Nodule: only " in said[0]
    assert "a decision needs 20" in said[0]
    assert load_bundle(tmp_path / "ours").card.labels[1].operating_point is None

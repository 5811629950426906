"""`hilum read` and the gate: refusals, forced types, `--no-gate`, and the user's own shelf."""

import json
from pathlib import Path
from typing import Any

import pytest

from fabricate_bundle import ToyBundle
from fabricate_gate import write_gate
from hilum.bundle.card import Scope

BRIGHT, DARK = 200, 10


@pytest.fixture
def models(tmp_path: Path) -> tuple[object, ...]:
    """A gate that calls bright pictures hands, a hand specialist and a chest specialist."""
    folders: list[object] = ["--model", write_gate(tmp_path / "gate", xray_type="hand").folder]
    for xray_type in ("hand", "chest"):
        scope = Scope(xray_type=xray_type, age_years=None, views=None)
        bundle = ToyBundle(name=f"{xray_type}-fracture", labels=("Fracture",), scope=scope)
        folders += ["--model", bundle.write(tmp_path / xray_type).folder]
    return tuple(folders)


def read_json(hilum: Any, *arguments: object) -> Any:
    result = hilum("read", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_a_refusal_is_a_reading_with_exit_code_0(
    hilum: Any, models: tuple[object, ...], write_png: Any, tmp_path: Path
) -> None:
    found = read_json(hilum, write_png(tmp_path / "x.png", grey=DARK), *models)
    assert found["findings"] == []
    assert found["gate"]["accepted"] is False
    assert found["gate"]["status"] == "refused"
    assert found["gate"]["is_xray"]["probability"] < 0.3
    assert set(found["gate"]["type"]["all"]) >= {"chest", "hand", "wrist"}


def test_an_accepted_hand_is_read_by_the_hand_specialist(
    hilum: Any, models: tuple[object, ...], write_png: Any, tmp_path: Path
) -> None:
    found = read_json(hilum, write_png(tmp_path / "x.png", grey=BRIGHT), *models)
    assert found["gate"]["type"]["name"] == "hand"
    assert [finding["model"] for finding in found["findings"]] == ["hand-fracture"]


def test_a_forced_type_goes_on_and_is_marked(
    hilum: Any, models: tuple[object, ...], write_png: Any, tmp_path: Path
) -> None:
    found = read_json(hilum, write_png(tmp_path / "x.png", grey=DARK), *models, "--force-type", "chest")
    assert found["gate"]["accepted"] is False
    assert [finding["model"] for finding in found["findings"]] == ["chest-fracture"]
    assert any("you forced the type" in warning for warning in found["warnings"])


def test_without_the_gate_nothing_is_judged(
    hilum: Any, models: tuple[object, ...], write_png: Any, tmp_path: Path
) -> None:
    found = read_json(hilum, write_png(tmp_path / "x.png", grey=DARK), *models, "--no-gate")
    assert found["gate"]["status"] == "not judged"
    assert found["gate"]["accepted"] is None
    assert [finding["model"] for finding in found["findings"]] == ["hand-fracture", "chest-fracture"]


def test_an_unknown_type_is_wrong_usage(hilum: Any, models: tuple[object, ...], write_png: Any, tmp_path: Path) -> None:
    result = hilum("read", write_png(tmp_path / "x.png", grey=DARK), *models, "--force-type", "tail")
    assert result.exit_code == 2
    assert "Unknown type of X-ray" in result.stderr


def test_a_folder_counts_the_refused(hilum: Any, models: tuple[object, ...], write_png: Any, tmp_path: Path) -> None:
    for index, grey in enumerate((BRIGHT, DARK, DARK)):
        write_png(tmp_path / "scans" / f"{index}.png", grey=grey)
    result = hilum("read", tmp_path / "scans", *models, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert "2  refused at the gate" in result.stdout
    page = (tmp_path / "out" / "1.png.html").read_text(encoding="utf-8")
    assert "Why was this image refused?" in page
    assert "Nearest types" in page


def test_the_users_own_shelf_reads_without_naming_it(
    hilum: Any, write_png: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = tmp_path / "shelf"
    ToyBundle(name="mine", scope=Scope(xray_type="hand", age_years=None, views=None)).write(shelf / "mine")
    (shelf / "broken").mkdir()
    (shelf / "broken" / "card.json").write_text("{")
    monkeypatch.setenv("HILUM_MODELS", str(shelf))
    result = hilum("read", write_png(tmp_path / "x.png", grey=BRIGHT), "--no-gate", "--json")
    assert result.exit_code == 0, result.stderr
    assert "mine" in [finding["model"] for finding in json.loads(result.stdout)["findings"]]
    assert "skipped a broken model" in result.stderr

"""A specialist plugs in: a bundle on the shelf that declares `hand` reads hands, without a line of code."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_bundle import ToyBundle
from fabricate_gate import write_gate
from hilum import Reader
from hilum.bundle.card import Scope
from hilum.bundle.shelf import shelf
from hilum.errors import BundleError
from hilum.reading.settings import ReaderSettings

BRIGHT, DARK = 200, 10


def picture(folder: Path, level: int) -> Path:
    path = folder / f"{level}.png"
    Image.fromarray(np.full((32, 32), level, np.uint8)).save(path)
    return path


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A shelf with a gate that calls bright pictures hands, a hand specialist and a chest specialist."""
    folder = tmp_path / "models"
    write_gate(folder / "gate", xray_type="hand")
    for xray_type in ("hand", "chest"):
        scope = Scope(xray_type=xray_type, age_years=None, views=None)
        ToyBundle(name=f"{xray_type}-fracture", labels=("Fracture",), scope=scope).write(folder / xray_type)
    return folder


def reader(models: Path, **settings: str) -> Reader:
    entries = shelf(local=models, shipped=models / "none")
    return Reader(models=[entry.bundle for entry in entries if entry.bundle], settings=ReaderSettings(**settings))


def test_a_hand_is_read_by_the_bundle_that_declares_it_and_by_no_other(models: Path, tmp_path: Path) -> None:
    reading = reader(models).read(picture(tmp_path, BRIGHT))
    assert reading.gate.status == "accepted"
    assert [finding.model for finding in reading.findings] == ["hand-fracture"]
    assert reading.findings[0].in_scope is True
    assert [model.name for model in reading.models] == ["toy-gate", "hand-fracture"]
    assert "toy-gate: resize" in reading.trail[-2].detail
    assert reading.timings_ms["gate"] > 0


def test_what_the_gate_refuses_is_a_reading_with_the_reason(models: Path, tmp_path: Path) -> None:
    reading = reader(models).read(picture(tmp_path, DARK))
    assert reading.gate.accepted is False
    assert "does not look like an X-ray" in reading.gate.reason
    assert reading.findings == ()


def test_a_forced_type_goes_on_and_is_marked(models: Path, tmp_path: Path) -> None:
    reading = reader(models, force_type="chest").read(picture(tmp_path, DARK))
    assert reading.gate.accepted is False
    assert [finding.model for finding in reading.findings] == ["chest-fracture"]
    assert "you forced the type; the X-ray check said: refused" in reading.warnings[0]


def test_settings_that_change_a_reading_change_their_hash(models: Path) -> None:
    assert reader(models).settings_sha256 != reader(models, force_type="chest").settings_sha256


def test_one_gate_at_most(models: Path) -> None:
    write_gate(models / "second", xray_type="chest", name="second-gate")
    with pytest.raises(BundleError, match=r"Only one X-ray check \(gate\) can be used"):
        reader(models)

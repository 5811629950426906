"""Which models read where none is named."""

from pathlib import Path
from typing import Any

import pytest

from fabricate_bundle import ToyBundle
from fabricate_calibrated import calibrated_of
from hilum.bundle.load import Bundle
from hilum.bundle.save import write_bundle
from hilum.cli.options.models import choose_bundles


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HILUM_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def raw(models: Path) -> Bundle:
    return ToyBundle(name="raw").write(models / "raw")


def names(bundles: tuple[Bundle, ...]) -> set[str]:
    return {bundle.card.name for bundle in bundles} & {"raw", "raw-calibrated"}


def test_a_calibrated_model_reads_in_the_place_of_its_origin(raw: Bundle, models: Path, capsys: Any) -> None:
    calibrated_of(raw, folder=models / "ours")
    assert names(choose_bundles(())) == {"raw-calibrated"}
    (said,) = capsys.readouterr().err.splitlines()
    assert "raw-calibrated reads in the place of raw, of which it was made; --model raw reads with that" in said
    assert names(choose_bundles((), quiet=True)) == {"raw-calibrated"}
    assert capsys.readouterr().err == ""
    assert names(choose_bundles(["raw"])) == {"raw"}
    assert names(choose_bundles(["raw", "raw-calibrated"])) == {"raw", "raw-calibrated"}


def test_beside_a_newer_version_both_read_with_a_caution(raw: Bundle, models: Path, capsys: Any) -> None:
    calibrated_of(raw, folder=models / "ours")
    newer = raw.card.changed({"version": "2.0.0"})
    write_bundle(raw.folder, card=newer, files={name: raw.read(name) for name in newer.files}, replace=True)
    assert names(choose_bundles((), quiet=True)) == {"raw", "raw-calibrated"}
    (said,) = capsys.readouterr().err.splitlines()
    assert "caution: raw-calibrated 1.0.0+calibrated.1 was made of another raw than the one here (2.0.0)" in said
    assert "Calibrate raw anew" in said


def test_a_file_is_read_once(raw: Bundle, models: Path, hilum: Any, write_png: Any, tmp_path: Path) -> None:
    calibrated_of(raw, folder=models / "ours")
    path = write_png(tmp_path / "one.png", grey=200)
    result = hilum("read", path, "--no-gate", "--no-lungs", "--json")
    assert result.exit_code == 0
    assert result.stdout.count('"model": "raw-calibrated"') >= 1
    assert '"raw"' not in result.stdout

"""`hilum models import ark`: what it says, and what it refuses. What it makes is `test_import_ark.py`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from fabricate_foundations import SWIN, ark_state
from hilum.bundle.load import load_bundle
from hilum.cli.main import app
from hilum.networks import foundations
from hilum.networks.pooled_classifier import BACKBONES


@pytest.mark.slow
def test_the_command_says_what_it_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = "ark_plus_swin_large"
    monkeypatch.setitem(foundations.FOUNDATIONS, name, replace(foundations.FOUNDATIONS[name], shape=SWIN))
    small = replace(BACKBONES[name], build=SWIN.build, channels=SWIN.channels, side=SWIN.side)
    monkeypatch.setitem(BACKBONES, name, small)
    file = tmp_path / "their.pth.tar"
    torch.save({"teacher": ark_state(SWIN, heads=(14, 14, 14, 3, 6, 1))}, file)
    words = ["models", "import", "ark", "large", str(file), "--head", "shenzhen", "--out", str(tmp_path / "bundle")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.stderr
    card = load_bundle(tmp_path / "bundle").card
    assert card.name == "ark-large-shenzhen"
    assert card.training.command == "hilum models import ark large their.pth.tar --head shenzhen"
    assert card.label_names == ("Tuberculosis",)


@pytest.mark.parametrize("words", [("huge", "x.pth.tar"), ("base", "x.pth.tar", "--head", "rsna")])
def test_an_unknown_size_or_head_is_wrong_usage(words: tuple[str, ...], hilum: Any) -> None:
    result = hilum("models", "import", "ark", *words)
    assert result.exit_code == 2
    assert "base, large" in result.stderr
    assert "mimic, chexpert, chestxray14, shenzhen" in result.stderr

"""`hilum models import eva-x`: what it says, and what it refuses. What it makes is `test_import_eva_x.py`."""

from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from fabricate_foundations import EVA_SMALL, eva_x_state
from hilum.bundle.load import load_bundle
from hilum.cli.main import app
from hilum.networks import foundations


@pytest.mark.slow
def test_the_command_says_what_it_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(foundations.EVA_X, "eva_x_tiny", EVA_SMALL)
    monkeypatch.setenv("HILUM_MODELS", str(tmp_path / "models"))
    file = tmp_path / "their_ft.pth"
    torch.save({"model": eva_x_state(EVA_SMALL, fine_tuned=14)}, file)
    result = CliRunner().invoke(app, ["models", "import", "eva-x", "tiny", str(file)])
    assert result.exit_code == 0, result.stderr
    assert "none is known to compare it with" in result.stderr
    folder = tmp_path / "models" / "eva-x-tiny-chestxray14"
    assert f"Wrote {folder}; read with it: hilum read --model {folder} FILE" in result.stderr
    training = load_bundle(folder).card.training
    assert training.command == "hilum models import eva-x tiny their_ft.pth"
    assert "huggingface.co/MapleF/eva_x" in training.starting_weights


def test_an_unknown_size_is_wrong_usage(hilum: Any, tmp_path: Path) -> None:
    result = hilum("models", "import", "eva-x", "huge", tmp_path / "none.pth")
    assert result.exit_code == 2
    assert "tiny, small, base" in result.stderr


def test_a_missing_file_is_one_line(hilum: Any, tmp_path: Path) -> None:
    result = hilum("models", "import", "eva-x", "tiny", tmp_path / "none.pth", "--out", tmp_path / "bundle")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "none.pth" in result.stderr

"""What `hilum.toml` and the environment say of recipes: of all of them, or of one."""

from pathlib import Path
from typing import Any

import pytest


def shown(hilum: Any, recipe: str, *more: object) -> dict[str, str]:
    result = hilum("train", recipe, "--show-settings", *more)
    assert result.exit_code == 0, result.stderr
    return dict(line.split("=", 1) for line in result.stdout.splitlines())


def test_a_table_counts_for_every_recipe_and_that_of_one_goes_before(
    hilum: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HILUM_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "hilum.toml").write_text("[train]\nset = 'seed=5'\n[train.sdfn-local]\nset = ['seed=6']\n")
    assert shown(hilum, "chest14-local")["seed"] == "5"
    assert shown(hilum, "sdfn-local")["seed"] == "6"
    monkeypatch.setenv("HILUM_TRAIN_SET", "seed=7")
    assert shown(hilum, "chest14-local")["seed"] == "7"
    assert shown(hilum, "chest14-local", "--set", "seed=8")["seed"] == "8"
    monkeypatch.delenv("HILUM_TRAIN_SET")
    (tmp_path / "hilum.toml").write_text("[train]\nouter = 'runs'\n")
    result = hilum("train", "chest14-local", "--show-settings")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "[train] has no option 'outer'; the nearest is out" in result.stderr

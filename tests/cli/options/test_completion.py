"""What the shell offers behind `--data` and `--weights`: names first, then folders and tables."""

import os
from pathlib import Path

import pytest

from hilum.cli.options.completion import boxed_data_sets, data_sets, starting_weights
from hilum.datasets.releases.table import RELEASES


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("chests", "scans", ".hidden"):
        (tmp_path / name).mkdir()
    for name in ("labels.csv", "chests/own.CSV", "chests/a.png", "notes.txt"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)


def test_names_come_before_paths() -> None:
    assert data_sets("") == [*(f"{name}=" for name in RELEASES), f"chests{os.sep}", "labels.csv", f"scans{os.sep}"]
    assert data_sets("vindr") == ["vindr_pcxr=", "vindr_cxr="]
    assert data_sets("lab") == ["labels.csv"]
    assert boxed_data_sets("")[:5] == ["nih=", "vindr_cxr=", "vindr_pcxr=", "rsna=", "boxes="]


def test_behind_a_name_come_paths() -> None:
    assert data_sets("nih=") == [f"nih=chests{os.sep}", "nih=labels.csv", f"nih=scans{os.sep}"]
    assert data_sets("table=chests/") == ["table=chests/own.CSV"]
    assert data_sets("nih=.h") == [f"nih=.hidden{os.sep}"]
    assert data_sets("nih=nowhere/") == []
    # one answer alone would let the shell end the word behind the equals sign
    assert data_sets("kerm")[:2] == ["kermany=", f"kermany=chests{os.sep}"]


def test_weights_are_words_or_files() -> None:
    assert starting_weights("")[:2] == ["imagenet", "random"]
    assert f"chests{os.sep}" in starting_weights("ch")

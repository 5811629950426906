"""`hilum phantom` writes examples that `hilum read` reads."""

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.slow
def test_examples_are_written_and_read(hilum: Any, toy: Path, tmp_path: Path) -> None:
    written = hilum("phantom", tmp_path / "phantoms")
    assert written.exit_code == 0, written.stderr
    paths = [Path(line) for line in written.stdout.split()]
    assert all(path.is_file() for path in paths)
    read = hilum("read", tmp_path / "phantoms", "--model", toy, "--no-gate", "--json")
    assert read.exit_code == 0, read.stderr
    names = [json.loads(line)["source"]["name"] for line in read.stdout.splitlines()]
    assert names == sorted(str(path) for path in paths if path.suffix != ".json")
    assert "Skipped 1 file: not an image" in read.stderr  # the truth


def test_folder_that_cannot_be_written_is_one_line(hilum: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = hilum("phantom", tmp_path / "file" / "x")
    assert result.exit_code == 1
    assert result.stderr.startswith("hilum: Cannot write phantoms")
    assert hilum("phantom", tmp_path / "file").exit_code == 2

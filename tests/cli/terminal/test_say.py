"""What is said on standard error is one line, whatever a file is called."""

from pathlib import Path
from typing import Any

import pytest

from hilum.cli.terminal.say import one_line


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("a\n  b\tc", "a b c"),
        ("\x1b[31mred\x1b[0m", "\ufffd[31mred\ufffd[0m"),
        ("lone \udc80", "lone \ufffd"),
        ("ä", "ä"),
    ],
)
def test_one_line(message: str, line: str) -> None:
    assert one_line(message) == line


def test_names_of_files_cannot_move_the_cursor(hilum: Any, toy: Path, tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J\nb.png").write_text("no image")
    result = hilum("read", tmp_path, "--model", toy, "--no-gate")
    assert result.exit_code == 1
    assert "\x1b" not in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_names_that_are_no_text_are_read(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    image = write_png(tmp_path / "scans" / "x.png")
    image.rename(image.with_name(b"x\xff.png".decode("utf-8", "surrogateescape")))
    for _ in range(2):
        result = hilum("read", tmp_path / "scans", "--out", tmp_path / "out", "--model", toy, "--no-gate", "--resume")
        assert result.exit_code == 0, result.stderr
    assert "1  skipped, read before" in result.stdout
    assert len(list((tmp_path / "out").glob("*.html"))) == 2

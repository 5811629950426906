"""A file that holds a secret: read without space around it, or told in one line."""

from pathlib import Path

import pytest

from hilum.cli.options.text_file import text_of
from hilum.errors import FileAccessError


def test_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("correct horse\n")
    assert text_of(tmp_path / "secret") == "correct horse"
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name, said in (("absent", "No such file or directory"), ("binary", "it is no text")):
        with pytest.raises(FileAccessError, match=rf"{name} cannot be read \({said}\); check its path"):
            text_of(tmp_path / name)

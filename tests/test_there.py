"""What is there; a name that the system refuses to look up is not, and raises nothing."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hilum.there import is_file, is_folder, is_there

ALL = (is_file, is_folder, is_there)


def test_files_folders_and_links(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "nowhere").symlink_to("absent")
    found = {name: [ask(tmp_path / name) for ask in ALL] for name in ("file", "link", "nowhere", "absent", ".")}
    assert found == {
        "file": [True, False, True],
        "link": [True, False, True],
        "nowhere": [False, False, False],
        "absent": [False, False, False],
        ".": [False, True, True],
    }


@pytest.mark.parametrize("ask", ALL)
def test_a_name_that_is_too_long_is_not_there(ask: Callable[[Path], bool], tmp_path: Path) -> None:
    assert not ask(tmp_path / ("胸" * 86))
    assert not ask(Path("a/" * 5000))


@pytest.mark.parametrize("ask", ALL)
@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_what_the_system_will_not_tell_of_is_not_there(
    ask: Callable[[Path], bool], number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **_: object) -> os.stat_result:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "stat", refuse)
    assert not ask(tmp_path)

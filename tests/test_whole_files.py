"""Files appear whole or not at all."""

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from hilum.errors import OutputError
from hilum.whole_files import (
    STRAY_PREFIX,
    OutputNameError,
    fill_whole,
    make_folder,
    output_error,
    remove_file,
    remove_strays,
    sync_folder,
    write_synced,
    write_together,
    write_whole,
)


def test_replaces_content_and_makes_folders(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b.json"
    write_whole(target, b"one")
    write_whole(target, (chunk for chunk in (b"t", b"wo")))
    assert target.read_bytes() == b"two"
    assert [path.name for path in target.parent.iterdir()] == ["b.json"]


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "x", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640


def test_failing_chunks_leave_the_old_file_and_no_stray(tmp_path: Path) -> None:
    def chunks():
        yield b"half"
        raise KeyboardInterrupt

    (tmp_path / "x").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "x", chunks())
    assert (tmp_path / "x").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_full_disk_is_one_line_and_keeps_the_old_file(tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk: the system refuses to write on."""
    (tmp_path / "x").write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OutputError, match=r"Cannot write .*/x: File too large. Make room") as caught:
            write_whole(tmp_path / "x", b"n" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert not isinstance(caught.value, OutputNameError)
    assert (tmp_path / "x").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_the_system_really_says_no_space() -> None:
    with pytest.raises(OSError) as caught, Path("/dev/full").open("wb", buffering=0) as full:  # noqa: PT011 (checked below)
        full.write(b"x")
    assert caught.value.errno == errno.ENOSPC
    assert "No space left on device" in str(output_error(Path("out/x"), caught.value))


def test_a_name_that_cannot_be_is_told_from_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputNameError, match="File name too long"):
        write_whole(tmp_path / ("x" * 300), b"")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inner").touch()
    with pytest.raises(OutputNameError, match="in the way"):
        write_whole(tmp_path / "folder", b"")
    (tmp_path / "file").touch()
    with pytest.raises(OutputNameError):
        write_whole(tmp_path / "file" / "x", b"")


def test_a_file_is_removed_and_what_can_be_none_is_left(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for name in ("absent", "folder", "file/below", "x" * 300, "file"):
        remove_file(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_file_that_may_not_be_removed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        remove_file(tmp_path / "x")


def test_killed_in_the_middle_leaves_only_a_stray_that_is_removed(tmp_path: Path) -> None:
    code = """
        import os, signal, sys
        from pathlib import Path
        from hilum.whole_files import write_whole
        def chunks():
            yield b"half"
            os.kill(os.getpid(), signal.SIGKILL)
        write_whole(Path(sys.argv[1]) / "sub" / "x", chunks())
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(tmp_path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    (stray,) = (tmp_path / "sub").iterdir()
    assert stray.name.startswith(STRAY_PREFIX)
    (tmp_path / "sub" / "kept.json").touch()
    assert remove_strays(tmp_path) == 1
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["kept.json"]


def test_a_writer_that_fails_leaves_what_stood_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text("old")

    def fail(file: BinaryIO) -> None:
        file.write(b"ne")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill_whole(path, fill=fail)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["list.json"]


def test_files_written_together_are_whole_or_none_of_them_is_there(tmp_path: Path) -> None:
    files = [(tmp_path / "a" / "x", b"one"), (tmp_path / "b" / "y", b"two")]
    write_together(files)
    assert [path.read_bytes() for path, _ in files] == [b"one", b"two"]
    (tmp_path / "c").write_bytes(b"in the way")
    with pytest.raises(OutputError, match="Cannot write"):
        write_together([(tmp_path / "a" / "x", b"new"), (tmp_path / "c" / "z", b"new")])
    assert (tmp_path / "a" / "x").read_bytes() == b"one"
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["c", "x", "y"]


def _synced(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files and folders under `root` that are synced from now on, in order, by their path at that time."""
    seen: list[Path] = []

    def sync(descriptor: int) -> None:
        there = os.fstat(descriptor)
        seen.append(next(path for path in (root, *root.rglob("*")) if os.path.samestat(path.stat(), there)))

    monkeypatch.setattr(os, "fsync", sync)
    return seen


def test_a_name_is_synced_after_what_it_names_and_so_are_new_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its folder's a power cut may undo the rename; which folders were made is lost likewise."""
    synced, folder = _synced(tmp_path, monkeypatch), tmp_path / "a" / "b"
    write_whole(folder / "x", b"1")
    stray = synced.pop(2)
    assert stray.name.startswith(STRAY_PREFIX)
    assert synced == [folder.parent, tmp_path, folder]
    synced.clear()
    write_together([(folder / "x", b"2"), (folder / "y", b"3"), (tmp_path / "z", b"4")])
    assert len(synced) == 5
    assert set(synced[3:]) == {folder, tmp_path}


def test_a_folder_that_cannot_be_synced_is_left_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(code: int) -> Callable[..., int]:
        def refused(*_: object) -> int:
            raise OSError(code, os.strerror(code))

        return refused

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refuse(errno.EINVAL))
        sync_folder(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse(errno.EACCES))
        make_folder(tmp_path / "a")
    assert (tmp_path / "a").is_dir()
    monkeypatch.setattr(os, "fsync", refuse(errno.EIO))
    with pytest.raises(OSError, match=r"Input/output error"):
        sync_folder(tmp_path)


def test_a_synced_file_is_a_new_one(tmp_path: Path) -> None:
    write_synced(tmp_path / "x", b"1")
    with pytest.raises(FileExistsError):
        write_synced(tmp_path / "x", b"2")
    assert (tmp_path / "x").read_bytes() == b"1"

"""Files that appear whole or not at all: written beside their place, flushed to disk, renamed, and their folder too."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Callable, Iterable
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

from hilum.errors import OutputError
from hilum.profile import NOT_TIMED, Timer

STRAY_PREFIX = ".hilum-tmp-"
"""How an unfinished file's name begins; a run that was killed may leave some, and the next one removes them."""

_ONLY_THIS_NAME = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY)


class OutputNameError(OutputError):
    """One output cannot have the name it should have; the folder itself can be written."""


def write_whole(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write `data` (or its chunks) to `path`, replacing what stood there in one step; its folder is made if needed.

    Raises `OutputNameError` where the name is too long or taken by a folder, `OutputError` where the disk is full or
    the folder cannot be written. What stood at `path` before then stays.
    """
    try:
        make_folder(path.parent)
        fill_whole(path, fill=lambda file: file.writelines([data] if isinstance(data, bytes) else data))
    except OSError as error:
        raise output_error(path, error) from error


def write_together(files: Iterable[tuple[Path, bytes]], *, timer: Timer = NOT_TIMED) -> None:
    """Write several files, each whole: all are handed to the disk before the first is waited for.

    That costs little more than writing one. Raises as `write_whole`; then none of them has replaced what stood there,
    or some have, each whole. `timer` hears of the wait for the disk.
    """
    strays: list[tuple[Path, Path, BinaryIO]] = []
    path = Path()
    try:
        for path, data in files:
            make_folder(path.parent)
            stray = path.with_name(STRAY_PREFIX + secrets.token_hex(8))
            opened = stray.open("xb")
            strays.append((path, stray, opened))
            opened.write(data)
            opened.flush()
        with timer.part("fsync"):
            for _, _, file in strays:
                os.fsync(file.fileno())
                file.close()
            for path, stray, _ in strays:
                stray.replace(path)
            for folder in {path.parent for path, _, _ in strays}:
                sync_folder(folder)
    except BaseException as error:
        for _, stray, file in strays:
            with contextlib.suppress(OSError):
                file.close()
            with contextlib.suppress(OSError):
                stray.unlink()
        if isinstance(error, OSError):
            raise output_error(path, error) from error
        raise


def fill_whole(path: Path, *, fill: Callable[[BinaryIO], None]) -> None:
    """Let `fill` write a file beside `path`, flush it to disk and rename it, in a folder that is there.

    Raises `OSError` where the folder cannot be written or is full; what stood at `path` before then stays.
    """
    stray = path.with_name(STRAY_PREFIX + secrets.token_hex(8))
    try:
        with stray.open("xb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        stray.replace(path)
        sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            stray.unlink()
        raise


def write_synced(path: Path, data: bytes) -> None:
    """Write a new file, and wait until it is on disk; its name is once the folder is synced too. Raises `OSError`."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def make_folder(folder: Path) -> None:
    """Make a folder where there is none, so that it is there after a power cut. Raises `OSError`."""
    for each in made_folders(folder):
        sync_folder(each)


def made_folders(folder: Path) -> list[Path]:
    """Make a folder where there is none; which ones to sync for it to be there after a power cut. Raises `OSError`."""
    missing = list(takewhile(lambda each: not each.exists(), (folder, *folder.parents)))
    folder.mkdir(parents=True, exist_ok=True)
    return [each.parent for each in missing]


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk: without it a power cut may undo a rename. Raises `OSError`.

    Nothing is done where the system, the file system or the folder's permissions do not let a folder be synced.
    """
    try:
        opened = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows, always; elsewhere a folder that may be written and not be listed
        return
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # network drives that know no such thing
            raise
    finally:
        os.close(opened)


def remove_strays(folder: Path) -> int:
    """Remove the unfinished files that a killed run left anywhere under `folder`; returns how many there were.

    Call it only while holding the folder's lock.
    """
    count = 0
    for root, _, names in os.walk(folder):
        for name in names:
            if name.startswith(STRAY_PREFIX):
                with contextlib.suppress(OSError):
                    (Path(root) / name).unlink()
                    count += 1
    return count


def remove_file(path: Path) -> None:
    """Remove the file at `path` where there is one; under a name that is too long, or a folder's, there is none.

    Raises `OutputError` where the folder cannot be written.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        if error.errno not in _ONLY_THIS_NAME:
            raise output_error(path, error) from error


def output_error(path: Path, error: OSError) -> OutputError:
    """The one-line error for a system error met while writing `path`."""
    reason = error.strerror or str(error)
    if error.errno in _ONLY_THIS_NAME:
        return OutputNameError(f"Cannot write {path}: {reason}. Rename the image or the folder that is in the way")
    return OutputError(f"Cannot write {path}: {reason}. Make room or name another --out folder, then use --resume")

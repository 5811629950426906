"""ZIP archives as folders: `study.zip/inner/path` names a file in one. Nothing is ever unpacked onto the disk.

What an archive says is bounded before it is believed: the number of files, how far they inflate together, and each file
by the same limit as a file of a folder. Names that lead out of the archive, links and encrypted files are not read.
"""

from __future__ import annotations

import functools
import lzma
import re
import stat
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hilum.errors import DecodeError, FileAccessError, HilumError, LimitError
from hilum.imaging.pixels.limits import Limits, check_bytes
from hilum.there import is_file

MAX_FILES = 100_000
MAX_INFLATION = 200
"""How many times larger than the archive all its files together may be; images inflate two to twenty times."""

ALWAYS_ALLOWED_BYTES = 1 << 30
"""Below this an archive may inflate as far as it likes."""

_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
_OF_A_DOCUMENT = frozenset({"[Content_Types].xml", "META-INF/MANIFEST.MF", "mimetype"})
"""What office documents (OOXML, ODF, EPUB) and Java archives hold, which are ZIP archives too."""

_DRIVE = re.compile("[A-Za-z]:")
_ENCRYPTED = 0x1
_DAMAGED = (
    EOFError, LookupError, NotImplementedError, OSError, RuntimeError, ValueError, lzma.LZMAError, struct.error,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What zipfile and the decompressors raise when an archive is not what it promises."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of an archive by their POSIX paths, sorted; and those that are not read, of each kind."""

    files: tuple[str, ...]
    encrypted: tuple[str, ...]
    unsafe: tuple[str, ...]
    links: tuple[str, ...]


def is_archive(path: Path) -> bool:
    """Whether the file is a ZIP archive and no document that merely is stored as one."""
    try:
        with path.open("rb") as file:
            if file.read(4) not in _SIGNATURES:
                return False
        return _OF_A_DOCUMENT.isdisjoint(_opened(path).files)
    except HilumError:
        return True  # it begins as one, and opening it says what is wrong
    except OSError:
        return False


def list_archive(path: Path) -> Listing:
    """What the archive holds, without hidden files. Raises `DecodeError` where it is damaged, `LimitError` for a bomb.

    Names that come twice are read once, as the last of them.
    """
    archive = _opened(path)
    kinds: dict[str, list[str]] = {"files": [], "encrypted": [], "unsafe": [], "links": []}
    for name, info in sorted(archive.files.items()):
        if not _is_hidden(name):
            kinds[_kind(name, info)].append(name)
    return Listing(**{kind: tuple(names) for kind, names in kinds.items()})


def split_member(path: Path) -> tuple[Path, str] | None:
    """The archive and the name in it that `path` means, or None where no part of it is an archive."""
    for parent in path.parents:
        if is_file(parent):
            return (parent, path.relative_to(parent).as_posix()) if is_archive(parent) else None
    return None


def read_member(path: Path, *, limits: Limits) -> bytes:
    """The bytes of `ARCHIVE.zip/inner/path`.

    Raises `FileAccessError` where there is no such file, `DecodeError` where it is damaged, encrypted or no file,
    `LimitError` where it is too large.
    """
    found = split_member(path)
    if found is None:
        raise FileAccessError(f"{path}: cannot be read (no such file or directory). Check the path and its permissions")
    archive, info = _find(*found)
    check_bytes(info.file_size, limits=limits, what=_line(str(path)))
    return archive.read(info, name=str(path), count=info.file_size + 1)


def read_head(archive: Path, name: str, *, count: int) -> bytes:
    """The first `count` bytes of a file in an archive; errors as of `read_member`, but no limit."""
    opened, info = _find(archive, name)
    return opened.read(info, name=f"{archive}/{name}", count=count, whole=False)


class _Archive:
    """An open archive. Reading is one at a time: zipfile counts its readers without a lock."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except _DAMAGED as error:
            what = f"{type(error).__name__}: {error}"
            raise DecodeError(_line(f"{path}: the ZIP archive is truncated or corrupt ({what})")) from error
        self._lock = threading.Lock()
        infos = [info for info in self._zip.infolist() if not info.is_dir()]
        self.files = {_posix(info.filename): info for info in infos}
        _check_bomb(path, infos)

    def read(self, info: zipfile.ZipInfo, *, name: str, count: int, whole: bool = True) -> bytes:
        try:
            with self._lock, self._zip.open(info) as file:
                data = file.read(count)
        except _DAMAGED as error:
            raise DecodeError(
                _line(f"{name}: it is damaged in its ZIP archive ({type(error).__name__}: {error})")
            ) from error
        if whole and len(data) != info.file_size:
            raise DecodeError(
                _line(f"{name}: it is damaged in its ZIP archive (only {len(data):,} bytes could be read)")
            )
        return data


def _opened(path: Path) -> _Archive:
    try:
        status = path.stat()
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be read ({(error.strerror or '').lower()}). Check the path") from None
    return _opened_once(path, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=4)
def _opened_once(path: Path, _changed_ns: int, _size: int) -> _Archive:
    return _Archive(path)


def _find(path: Path, name: str) -> tuple[_Archive, zipfile.ZipInfo]:
    archive = _opened(path)
    info = archive.files.get(name)
    if info is None:
        raise FileAccessError(
            _line(f"{path}/{name}: the ZIP archive holds no such file. List its files with `unzip -l`")
        )
    kind = _kind(name, info)
    if kind != "files":
        raise DecodeError(_line(f"{path}/{name}: {_WHY_NOT[kind]}"))
    return archive, info


_WHY_NOT = {
    "encrypted": "it is encrypted. Unpack the archive with its password and read the folder",
    "unsafe": "its name leads out of the archive. Rename it in the archive",
    "links": "it is a link, and links in an archive are not followed",
}


def _kind(name: str, info: zipfile.ZipInfo) -> str:
    path = PurePosixPath(name)
    if not path.parts or path.is_absolute() or ".." in path.parts or _DRIVE.match(name):
        return "unsafe"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "links"
    return "encrypted" if info.flag_bits & _ENCRYPTED else "files"


def _posix(name: str) -> str:
    """The name with one separator and without empty or `.` steps; some writers use backslashes."""
    return PurePosixPath(name.replace("\\", "/")).as_posix()


def _is_hidden(name: str) -> bool:
    return any(part == "__MACOSX" or (part.startswith(".") and part != "..") for part in PurePosixPath(name).parts)


def _check_bomb(path: Path, infos: Iterable[zipfile.ZipInfo]) -> None:
    sizes = [info.file_size for info in infos]
    if len(sizes) > MAX_FILES:
        raise LimitError(f"{path}: the ZIP archive holds {len(sizes):,} files, over the limit of {MAX_FILES:,}")
    allowed = max(ALWAYS_ALLOWED_BYTES, MAX_INFLATION * path.stat().st_size)
    if sum(sizes) > allowed:
        raise LimitError(
            f"{path}: unpacked, the ZIP archive would take {sum(sizes):,} bytes, over the limit of {allowed:,}. "
            "Unpack the files that you trust"
        )


def _line(text: str) -> str:
    """The text in one line; names in an archive may hold anything."""
    return " ".join(text.split())

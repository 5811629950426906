"""What is to be screened, as a stream of rows: a CSV or Parquet manifest, a folder, or a prefix of an object store.

Nothing of it is held in memory but the row that is at hand; only a folder's own listing is, one folder at a time.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from hilum.errors import DataError, FileAccessError, UsageError
from hilum.output.image_content import IMAGE_SUFFIXES
from hilum.output.inputs import SkippedFile, is_searchable, why_not_entered, why_skipped
from hilum.output.own_output import OWN_OUTPUT, REPORT, Beside, is_own_output, is_report
from hilum.output.patients import STATEMENTS
from hilum.screening.film import FilmRow, check_said
from hilum.screening.object_store import is_url, open_store, store_errors
from hilum.surplus_cells import surplus_text, without_nameless_end
from hilum.there import is_folder, is_there
from hilum.utf8 import not_utf8

_COLUMNS = ("path", "image", "file")
_BATCH_ROWS = 8192
_TABLES = (".csv", ".tsv", ".parquet", ".pq")

_NO_NAME = "not called like an image"

Skip = Callable[[SkippedFile], None]
"""Hears of each file or folder that is passed over, and why."""


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """A local manifest as it was planned from: by its bytes, and by what tells quickly that it is still the same."""

    sha256: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a user names to be screened; `root` is where relative names begin, `column` the one of paths, if named."""

    source: str
    root: str
    column: str | None = None

    @property
    def is_table(self) -> bool:
        """Whether it is a CSV or Parquet file."""
        return self.source.lower().endswith(_TABLES)

    def file(self) -> ManifestFile | None:
        """The manifest's fingerprint, or None for a folder and for what lies in a store."""
        return fingerprint(Path(self.source)) if self.is_table and not is_url(self.source) else None

    def rows(self, *, leave_out: Path | None, skip: Skip = lambda _: None) -> Iterator[FilmRow]:
        """Every film, in the manifest's order or by name; the folder `leave_out` is not searched.

        Of a folder, what `hilum read` passes over is no film, and neither is what lies in a ZIP archive.

        Raises, in one line, `UsageError` for a row that is not understood, `DataError` for a table that is none, and
        `FileAccessError` where it cannot be read.
        """
        if not self.is_table:
            if is_url(self.source):
                yield from _in_store(self.source, skip=skip)
            else:
                yield from _in_folder(self.source, leave_out=leave_out, skip=skip)
            return
        with _opened(self.source) as file:
            if self.source.lower().endswith((".parquet", ".pq")):
                yield from _in_parquet(file, name=self.source, column=self.column)
            else:
                yield from _in_csv(file, name=self.source, column=self.column)


def manifest(source: str, *, root: str | None, column: str | None) -> Manifest:
    """What the user names. Raises `FileAccessError` where there is no such file or folder, `UsageError` for a file."""
    if is_url(source):
        above = source.rstrip("/") if not source.lower().endswith(_TABLES) else source.rpartition("/")[0]
        return Manifest(source, root or above, column)
    path = Path(source)
    if is_folder(path):
        return Manifest(source, str(Path(root or source).absolute()), column)
    if not is_there(path):
        raise FileAccessError(f"There is no {source}; name a CSV or Parquet file, a folder or s3://BUCKET/PREFIX")
    if not source.lower().endswith(_TABLES):
        raise UsageError(f"{source} is no manifest; name a CSV or Parquet file, a folder or s3://BUCKET/PREFIX")
    return Manifest(source, root if root is not None and is_url(root) else _absolute(root or path.parent), column)


def fingerprint(path: Path) -> ManifestFile:
    """By what a manifest is known. Raises `FileAccessError` where it cannot be read."""
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        stat = path.stat()
    except OSError as error:
        raise FileAccessError(f"Cannot read {path}: {error.strerror or error}; check its permissions") from error
    return ManifestFile(sha256, stat.st_size, stat.st_mtime_ns)


def _absolute(path: str | Path) -> str:
    return str(Path(path).absolute())


def _opened(source: str) -> BinaryIO:
    try:
        if is_url(source):
            with store_errors(source):
                found: BinaryIO = open_store(source).open(source, "rb")
                return found
        return Path(source).open("rb")
    except OSError as error:
        raise FileAccessError(f"Cannot read {source}: {error.strerror or error}; check its permissions") from error


def _in_csv(file: BinaryIO, *, name: str, column: str | None) -> Iterator[FilmRow]:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    line = 0
    try:
        first = text.readline()
        delimiter = max(",;\t", key=first.count)
        header = next(csv.reader([first], delimiter=delimiter), [])
        place, said = _columns(header, name=name, column=column)
        named = len(without_nameless_end(header))
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        for cells in reader:
            line = reader.line_num + 1
            surplus = surplus_text(cells[named:], nameless=len(header) - named)
            if surplus is not None:
                raise UsageError(f"{name}, line {line}: {surplus}")
            if cells:
                yield _row(cells, place=place, said=said, where=f"{name}, line {line}")
    except UnicodeDecodeError as error:
        raise DataError(f"{not_utf8(name, what='the list of films')} after line {line}") from error
    except csv.Error as error:
        raise DataError(f"{name}, line {line + 1}: {error}; save it as CSV again") from error


def _row(cells: Sequence[str], *, place: int, said: Sequence[tuple[str, int]], where: str) -> FilmRow:
    if len(cells) <= place:
        raise UsageError(f"{where}: this row names no film; fill in its path, or remove the row")
    texts = {name: cells[at] for name, at in said if at < len(cells) and cells[at].strip()}
    return check_said(FilmRow(cells[place].strip(), texts), where=where)


def _columns(header: Sequence[str], *, name: str, column: str | None) -> tuple[int, list[tuple[str, int]]]:
    plain = [cell.strip().lower() for cell in header]
    wanted = _COLUMNS if column is None else (column.lower(),)
    place = next((plain.index(each) for each in wanted if each in plain), None)
    if place is None:
        found = ", ".join(cell.strip() for cell in header)[:120] or "none"
        asked = "called path" if column is None else f"called {column}"
        raise UsageError(f"{name} has no column {asked}; its columns: {found}. Name the one of paths with --column")
    return place, [(each, plain.index(each)) for each in STATEMENTS if each in plain]


def _in_parquet(file: BinaryIO, *, name: str, column: str | None) -> Iterator[FilmRow]:
    try:
        table = pq.ParquetFile(file)
        header = table.schema_arrow.names
        place, said = _columns(header, name=name, column=column)
        names = [header[place], *(header[at] for _, at in said)]
        number = 0
        for batch in table.iter_batches(batch_size=_BATCH_ROWS, columns=names):
            columns = [batch.column(each).cast(pa.string()).to_pylist() for each in names]
            for cells in zip(*columns, strict=True):
                number += 1
                texts = {each: text for (each, _), text in zip(said, cells[1:], strict=True) if text}
                yield check_said(FilmRow(cells[0] or "", texts), where=f"{name}, row {number}")
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{name} is no Parquet file that can be read: {' '.join(str(error).split())[:160]}") from error


def _in_folder(source: str, *, leave_out: Path | None, skip: Skip) -> Iterator[FilmRow]:
    top = Path(source)
    left_out = None if leave_out is None else leave_out.absolute()
    folders: list[Path] = [top]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            raise FileAccessError(f"Cannot search {folder}: {error.strerror}; check its permissions") from error
        below = []
        for entry in entries:
            path = Path(entry.path)
            if entry.name.startswith("."):
                continue
            reason = why_not_entered(path) if entry.is_dir() else _why_no_film(path)
            if reason is not None:
                skip(SkippedFile(str(path), reason))
            elif not entry.is_dir():
                yield FilmRow(path.relative_to(top).as_posix(), {})
            elif path.absolute() != left_out:
                below.append(path)
        folders += reversed(below)


def _why_no_film(path: Path) -> str | None:
    if is_searchable(path):
        return "a ZIP archive, which is not searched; unpack it"
    return why_skipped(path, frame=None, table="name it in the place of the folder")


def _in_store(source: str, *, skip: Skip) -> Iterator[FilmRow]:
    """By their names, since to look into an object is a request for each; hilum's own by what lies beside them too."""
    store: Any = open_store(source)
    top = source.partition("://")[2].rstrip("/")
    folders = [top]
    while folders:
        folder = folders.pop()
        with store_errors(source):
            entries = sorted(store.ls(folder, detail=True), key=lambda entry: str(entry["name"]))
        below = []
        beside = _beside_in_store(store, folder=folder, listed={str(entry["name"]) for entry in entries})
        if folder != top and is_report(beside):
            skip(SkippedFile(f"s3://{folder}", REPORT))
            continue
        for entry in entries:
            key = str(entry["name"]).rstrip("/")
            name = key.rpartition("/")[2]
            if name.startswith(".") or key == folder:
                continue
            if entry["type"] == "directory":
                below.append(key)
                continue
            reason = None if Path(name).suffix.lower() in IMAGE_SUFFIXES or "." not in name else _NO_NAME
            if reason is None and is_own_output(Path(name), beside=beside):
                reason = OWN_OUTPUT
            if reason is None:
                yield FilmRow(key.removeprefix(f"{top}/"), {})
            else:
                skip(SkippedFile(f"s3://{key}", reason))
        folders += reversed(below)


def _beside_in_store(store: Any, *, folder: str, listed: Collection[str]) -> Beside:
    def head(name: str, count: int) -> bytes:
        key = f"{folder}/{name}"
        if key not in listed:
            raise FileNotFoundError(key)
        with store_errors(key):
            return bytes(store.cat_file(key, start=0, end=count))

    return head

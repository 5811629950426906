"""A plan: every film in order, cut into numbered shards, with the hashes of both and of all that decides a reading.

Three files. `films.jsonl` has a line a film, `shards.txt` a line of fixed width a shard (where it begins in
`films.jsonl`, its bytes, its films, their SHA-256), and `plan.json` the rest; it is written last. So a plan of any size
is written and read in the memory that one shard takes.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from hilum.errors import DataError, FileAccessError, UsageError
from hilum.screening.film import FilmRow, film_row
from hilum.screening.manifest import Manifest, ManifestFile, Skip, fingerprint
from hilum.screening.place import FolderPlace, Place
from hilum.screening.reader_spec import ReaderSpec
from hilum.version import __version__

SCHEMA = "hilum.screen/1"
PLAN, FILMS, SHARDS, PARTS = "plan.json", "films.jsonl", "shards.txt", "parts"
SHARD_FILMS = 200
"""Films of a shard: some tens of seconds of one core, and what one kill costs at most."""

_LINE = "{:015d} {:010d} {:07d} {}\n"
_LINE_BYTES = len(_LINE.format(0, 0, 0, "0" * 64))


@dataclass(frozen=True, slots=True)
class Shard:
    """One line of `shards.txt`: where it begins and ends in `films.jsonl`, its films, and the SHA-256 of its lines."""

    start: int
    length: int
    films: int
    sha256: str


@dataclass(frozen=True)
class Plan:
    """A plan that lies at `place`; `films_sha256` is that of `films.jsonl`, `root` where relative names begin.

    `shard_films` are the films of each shard but the last. `reader` says what reads.
    """

    place: Place
    source: str
    root: str
    films: int
    shards: int
    shard_films: int
    films_sha256: str
    reader: ReaderSpec
    manifest: ManifestFile | None
    hilum_version: str

    @cached_property
    def sha256(self) -> str:
        """What tells this plan from any other: its films in their order, its shards, and what decides a reading."""
        decisive = [SCHEMA, self.films_sha256, self.films, self.shard_films, self.reader.settings_sha256]
        return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()

    def shard(self, number: int) -> Shard:
        """The shard with this number, from 0. Raises `DataError` where the plan's files are not as they were."""
        found = self.place.read_range(SHARDS, start=number * _LINE_BYTES, length=_LINE_BYTES)
        try:
            start, length, films, sha256 = found.decode("ascii").split()
            return Shard(int(start), int(length), int(films), sha256)
        except ValueError as error:
            raise self._damaged(SHARDS, number) from error

    def lines(self, number: int) -> list[bytes]:
        """The lines of a shard's films. Raises `DataError` where they are not the ones that were planned."""
        shard = self.shard(number)
        data = self.place.read_range(FILMS, start=shard.start, length=shard.length)
        lines = data.splitlines(keepends=True) if b"\r" not in data else io.BytesIO(data).readlines()
        if hashlib.sha256(data).hexdigest() != shard.sha256 or len(lines) != shard.films:
            raise self._damaged(FILMS, number)
        return lines

    def rows(self, number: int) -> list[FilmRow]:
        """The films of a shard."""
        return [film_row(line) for line in self.lines(number)]

    def check_manifest(self) -> None:
        """Raise `DataError` where the manifest is not the one that was planned; one that is gone is no harm."""
        path = Path(self.source)
        if self.manifest is None or not path.is_file():
            return
        stat = path.stat()
        if (stat.st_size, stat.st_mtime_ns) == (self.manifest.size, self.manifest.mtime_ns):
            return
        if fingerprint(path).sha256 != self.manifest.sha256:
            raise DataError(
                f"{self.source} has changed since {self.place} was planned from it; what is read stays. Plan the new "
                f"one into another folder, or put the old one back and give the same command again"
            )

    def _damaged(self, name: str, number: int) -> DataError:
        return DataError(
            f"{self.place}/{name} was altered at shard {number}; put the plan back, or plan again elsewhere"
        )


def write_plan(
    manifest: Manifest,
    *,
    place: Place,
    reader: ReaderSpec,
    shard_films: int = SHARD_FILMS,
    progress: Callable[[int], None] | None = None,
    skip: Skip = lambda _: None,
) -> tuple[Plan, bool]:
    """Plan all films of a manifest; returns the plan, and whether it lay there before, just so.

    `progress` hears of every shard how many films are planned, `skip` of what is no film in a folder. Raises
    `DataError` where another plan lies there or there is no film, and what the manifest's rows and the place raise;
    then no plan was written.
    """
    if shard_films < 1:
        raise UsageError(f"A shard has at least 1 film, not {shard_films}")
    before = open_plan(place) if place.has(PLAN) else None
    leave_out = place.folder if isinstance(place, FolderPlace) else None
    rows = manifest.rows(leave_out=leave_out, skip=skip)
    cut = _Cut(shard_films, progress=progress)
    if before is None:
        place.fill(FILMS, fill=lambda films: place.fill(SHARDS, fill=lambda shards: cut.write(rows, films, shards)))
    else:
        cut.write(rows, _Nowhere(), _Nowhere())
    plan = Plan(
        place=place,
        source=manifest.source,
        root=manifest.root,
        films=cut.films,
        shards=cut.shards,
        shard_films=shard_films,
        films_sha256=cut.sha256,
        reader=reader,
        manifest=manifest.file(),
        hilum_version=__version__,
    )
    if before is not None:
        if before.sha256 != plan.sha256:
            raise DataError(
                f"{place} holds a plan of other films or settings ({before.films:,} films of {before.source}); name "
                "another folder"
            )
        return before, True
    content = json.dumps(_to_json(plan), indent=2).encode() + b"\n"
    place.fill(PLAN, fill=lambda file: file.writelines([content]))
    return plan, False


def open_plan(place: Place) -> Plan:
    """The plan that lies at `place`. Raises `FileAccessError` where there is none and `DataError` for a damaged one."""
    if not place.has(PLAN):
        raise FileAccessError(f"There is no plan in {place}; make one: hilum screen plan MANIFEST --out {place}")
    try:
        found = json.loads(place.read(PLAN))
        if found["schema"] != SCHEMA:
            raise DataError(
                f"{place}/{PLAN} is of another version of hilum ({found['schema']}); plan again with this one"
            )
        plan = Plan(
            place=place,
            source=found["source"],
            root=found["root"],
            films=found["films"],
            shards=found["shards"],
            shard_films=found["shard_films"],
            films_sha256=found["films_sha256"],
            reader=ReaderSpec.from_json(found["reader"]),
            manifest=None if found["manifest"] is None else ManifestFile(**found["manifest"]),
            hilum_version=found["hilum"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{place}/{PLAN} is damaged; put it back, or plan again elsewhere") from error
    if found["sha256"] != plan.sha256:
        raise DataError(f"{place}/{PLAN} was altered; put it back, or plan again elsewhere")
    return plan


def part_name(number: int) -> str:
    """What the part of a shard is called."""
    return f"part-{number:05d}.parquet"


def part_number(name: str) -> int | None:
    """The shard of which a file is the part, or None for any other file."""
    digits = name.removeprefix("part-").removesuffix(".parquet")
    return int(digits) if digits.isdecimal() and name == part_name(int(digits)) else None


class _Nowhere(io.RawIOBase):
    """Takes what is written and keeps nothing."""

    def write(self, data: Any, /) -> int:
        """Nothing happens."""
        return len(data)


class _Cut:
    """Rows written as lines, and a line of the index for each shard of them."""

    def __init__(self, shard_films: int, *, progress: Callable[[int], None] | None) -> None:
        self.films = 0
        self.shards = 0
        self._all = hashlib.sha256()
        self._shard_films = shard_films
        self._progress = progress
        self._start = 0

    @property
    def sha256(self) -> str:
        """That of all lines."""
        return self._all.hexdigest()

    def write(self, rows: Iterable[FilmRow], films: BinaryIO | _Nowhere, shards: BinaryIO | _Nowhere) -> None:
        """Write all rows. Raises `DataError` where there is none."""
        held: list[bytes] = []
        for row in rows:
            held.append(row.line())
            if len(held) == self._shard_films:
                self._flush(held, films, shards)
                held = []
        if held:
            self._flush(held, films, shards)
        if not self.films:
            raise DataError("There is no film to plan; name a manifest with rows, or a folder with images")

    def _flush(self, held: list[bytes], films: BinaryIO | _Nowhere, shards: BinaryIO | _Nowhere) -> None:
        data = b"".join(held)
        self._all.update(data)
        films.write(data)
        line = _LINE.format(self._start, len(data), len(held), hashlib.sha256(data).hexdigest())
        shards.write(line.encode("ascii"))
        self._start += len(data)
        self.films += len(held)
        self.shards += 1
        if self._progress is not None:
            self._progress(self.films)


def _to_json(plan: Plan) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "hilum": plan.hilum_version,
        "source": plan.source,
        "root": plan.root,
        "manifest": None if plan.manifest is None else asdict(plan.manifest),
        "films": plan.films,
        "shards": plan.shards,
        "shard_films": plan.shard_films,
        "films_sha256": plan.films_sha256,
        "reader": plan.reader.to_json(),
        "sha256": plan.sha256,
    }

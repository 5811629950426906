"""Prepared images on disk: decoded and resized once, then memory-mapped, so that all workers share one copy.

A cache folder holds one store for each key (`image_key.py`: the steps before normalisation, the code, the libraries).
An image is found in a store by the SHA-256 of its file (and its lung box, where the steps cut to that), so parts of a
split, stages and releases share what they have in common, and a changed file is prepared anew. Pixels are those of
`apply_steps`, bit for bit.

A store grows by whole shards. A process that is killed loses the shard it was at, and the next one goes on after the
last whole one. Of several processes one prepares, and the others wait and find the work done.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from filelock import FileLock

from hilum.datasets.prepared.image_key import LIBRARIES, cache_key, image_key
from hilum.datasets.prepared.shards import (
    Place,
    Stored,
    as_pixels,
    find_places,
    open_shard,
    remove_unfinished,
    write_shards,
)
from hilum.datasets.records.record import Record
from hilum.errors import DataError, HilumError, OutputError
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import PreprocessSpec, apply_steps
from hilum.progress import SILENT, Counter, Progress
from hilum.radiograph import Pixels
from hilum.whole_files import fill_whole

SHARD_BYTES = 32 * 2**20
"""How many float32 pixels a shard holds at most: what a kill loses, and what waits in memory to be written."""

BadFiles = Literal["stop", "skip"]
"""`stop` raises at the first image that cannot be decoded; `skip` leaves such images out and tells which."""

_ABOUT, _LOCK = "about.txt", ".lock"


class GreyImages(Protocol):
    """N grey images, each float32 (H, W) in [0, 1]: an array (N, H, W), or a cache."""

    def __len__(self) -> int:
        """N."""

    def __getitem__(self, index: int, /) -> Pixels:
        """One image."""


@dataclass(slots=True, eq=False)
class CachedImages:
    """The images of some records, in their order, read from the memory-mapped shards when asked for.

    Each process opens the shards itself, so that a copy sent to a worker carries no pixels.
    """

    _places: Sequence[Place]
    _opened: dict[Path, Stored] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Pixels:
        """One image, float32 (H, W) in [0, 1], a copy of its own."""
        place = self._places[index]
        rows = self._opened.get(place.shard)
        if rows is None:
            rows = self._opened[place.shard] = _open(place.shard)
        return as_pixels(rows[place.row])

    def __getstate__(self) -> tuple[Sequence[Place]]:
        return (self._places,)

    def __setstate__(self, state: tuple[Sequence[Place]]) -> None:
        (self._places,) = state
        self._opened = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What filling a cache came to: `prepared` images were decoded now; `bad` maps a file to why it cannot be.

    `places` says where each image lies, by its `image_key`.
    """

    prepared: int
    bad: Mapping[Path, str]
    places: Mapping[str, Place]


def fill_cache(
    records: Sequence[Record],
    *,
    spec: PreprocessSpec,
    folder: Path,
    jobs: int = 1,
    bad_files: BadFiles = "skip",
    shard_bytes: int = SHARD_BYTES,
    progress: Progress = SILENT,
) -> Filled:
    """Prepare every image that the cache in `folder` lacks, with `jobs` threads.

    `progress` counts them. Raises `DataError` where `spec` fixes no size, or at the first bad file under `stop`;
    `OutputError` where the folder cannot be written or is too small.
    """
    size = fixed_size(spec)
    step = max(1, shard_bytes // (size[0] * size[1] * 4))
    store = folder / cache_key(spec)
    with progress.count("preparing images") as counter, _writing(store, spec=spec):
        places = find_places(store, size=size)
        keys = [image_key(record, spec=spec) for record in records]
        missing = list({key: one for key, one in zip(keys, records, strict=True) if key not in places}.values())
        counter.found(len(missing))
        unreadable: dict[str, str] = {}
        if missing:
            _need_room(store, images=len(missing), size=size)
            remove_unfinished(store)
            for start in range(0, len(missing), step):
                part = missing[start : start + step]
                unreadable |= _prepare(part, spec=spec, store=store, jobs=jobs, bad_files=bad_files, counter=counter)
            places = find_places(store, size=size)
    return Filled(
        prepared=len(missing) - len(unreadable),
        bad={one.path: unreadable[key] for key, one in zip(keys, records, strict=True) if key in unreadable},
        places=places,
    )


def open_cache(
    records: Sequence[Record], *, spec: PreprocessSpec, folder: Path, jobs: int = 1, progress: Progress = SILENT
) -> CachedImages:
    """The images of `records`, in their order; those that the cache in `folder` lacks are prepared first.

    Raises as `fill_cache` does, and for every image that cannot be decoded: leave those out first (`readable_records`).
    """
    filled = fill_cache(records, spec=spec, folder=folder, jobs=jobs, bad_files="stop", progress=progress)
    return CachedImages([filled.places[image_key(record, spec=spec)] for record in records])


def readable_records(records: Sequence[Record], *, spec: PreprocessSpec, filled: Filled) -> tuple[Record, ...]:
    """The records whose images the cache holds, prepared by `spec`. Raises `DataError` where that is none of them."""
    kept = tuple(record for record in records if image_key(record, spec=spec) in filled.places)
    if not kept:
        raise DataError(
            f"None of the {len(records)} images can be decoded. The first: "
            f"{next(iter(filled.bad.values()), 'no image')}"
        )
    return kept


def fixed_size(spec: PreprocessSpec) -> tuple[int, int]:
    """Rows and columns of every prepared image. Raises `DataError` where no step fixes them."""
    if spec.output_size is None:
        raise DataError("The preprocessing has no resize step. Add one to the recipe")
    return spec.output_size


@contextmanager
def _writing(store: Path, *, spec: PreprocessSpec) -> Iterator[None]:
    """Hold the store alone, with its folder made; another process that holds it is waited for."""
    try:
        store.mkdir(parents=True, exist_ok=True)
        with FileLock(store / _LOCK):
            if not (store / _ABOUT).is_file():
                about = json.dumps([step.model_dump(mode="json") for step in spec.steps])
                text = f"images prepared by hilum, for {', '.join(LIBRARIES)} of the day; may be removed\n{about}\n"
                fill_whole(store / _ABOUT, fill=lambda file: _write(file, text))
            yield
    except (OSError, NotImplementedError) as error:
        raise OutputError(
            f"Cannot write the cache in {store}: {error}. Make room, name another folder with --cache, or say --cache "
            "none"
        ) from error


def _need_room(store: Path, *, images: int, size: tuple[int, int]) -> None:
    needed, free = images * size[0] * size[1] * 4, shutil.disk_usage(store).free
    if needed > free:
        raise OutputError(
            f"Not enough disk space in {store}: {needed / 1e9:.1f} GB of prepared images are needed, {free / 1e9:.1f} "
            "GB are free. Make room, name another folder with --cache, or say --cache none"
        )


def _prepare(
    part: Sequence[Record], *, spec: PreprocessSpec, store: Path, jobs: int, bad_files: BadFiles, counter: Counter
) -> dict[str, str]:
    """Decode `part` and write it; returns why images cannot be decoded, by `image_key`.

    What was decoded is written also where a bad file then ends the run.
    """
    done: dict[str, Pixels] = {}
    bad: dict[str, str] = {}
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="hilum-decode") as pool:
        for record, result in zip(part, pool.map(partial(_prepared, spec=spec), part), strict=True):
            counter.done()
            if isinstance(result, HilumError):
                bad[image_key(record, spec=spec)] = _told(record, result)
            else:
                done[image_key(record, spec=spec)] = result
    write_shards(store, done)
    if bad and bad_files == "stop":
        raise DataError(next(iter(bad.values())))
    return bad


def prepare_image(record: Record, *, spec: PreprocessSpec) -> Pixels:
    """Decode the record's file and apply the steps: float32 (H, W) in [0, 1].

    Raises what `decode` raises, and `DataError` where the file is no longer the one that the record was made from.
    """
    radiograph = decode(read_file(record.path), name=record.image)
    if radiograph.source.sha256 != record.sha256:
        raise DataError(f"{record.path} changed while hilum was running. Start again")
    grey, _ = apply_steps(radiograph.pixels, spec=spec, lung_box=record.lung_box)
    return grey


def _prepared(record: Record, *, spec: PreprocessSpec) -> Pixels | HilumError:
    try:
        return prepare_image(record, spec=spec)
    except HilumError as error:
        return error


def _told(record: Record, error: HilumError) -> str:
    return f"{record.path} cannot be used ({error}). Copy the file again, or leave it out with --bad-files skip"


def _open(shard: Path) -> Stored:
    try:
        return open_shard(shard)
    except (OSError, ValueError) as error:
        raise DataError(
            f"The prepared images in {shard} were changed while hilum was running ({error}). Start again"
        ) from error


def _write(file: BinaryIO, text: str) -> None:
    file.write(text.encode())

"""Fills a cache in a process of its own, for the tests that run two of them or kill one.

    python tests/fill_cache_here.py RELEASE CACHE IMAGES_A_SHARD

Says `image` for each image that was prepared, then `done PREPARED`.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fabricate_progress import Heard
from hilum.datasets.own.folder_of_folders import read_folder_of_folders
from hilum.datasets.prepared.images import fill_cache
from hilum.imaging.preprocess import PreprocessSpec, Resize

SPEC = PreprocessSpec(steps=(Resize(height=32, width=40, rule="stretch"),), mean=(0.5,), std=(0.5,))
IMAGE_BYTES = 32 * 40 * 4


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class _Told(Heard):
    """Says each image."""

    @contextmanager
    def count(self, _doing: str, /) -> Iterator["_Told"]:
        yield self

    def found(self, total: int, /) -> None:
        """Not told."""

    def done(self) -> None:
        _tell("image")


if __name__ == "__main__":
    release, cache, images = sys.argv[1:]
    filled = fill_cache(
        read_folder_of_folders(Path(release)),
        spec=SPEC,
        folder=Path(cache),
        jobs=2,
        shard_bytes=int(images) * IMAGE_BYTES,
        progress=_Told(),
    )
    _tell(f"done {filled.prepared}")

"""Fills a cache in a process of its own, for the tests that run two of them or kill one.

    python tests/fill_cache_here.py RELEASE CACHE IMAGES_A_SHARD

Says `image` for each image that was prepared, then `done PREPARED`.
"""

import sys
from pathlib import Path

from hilum.datasets.prepared.images import fill_cache
from hilum.datasets.releases.folder_of_folders import read_folder_of_folders
from hilum.imaging.preprocess import PreprocessSpec, Resize

SPEC = PreprocessSpec(steps=(Resize(height=32, width=40, rule="stretch"),), mean=(0.5,), std=(0.5,))
IMAGE_BYTES = 32 * 40 * 4


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    release, cache, images = sys.argv[1:]
    filled = fill_cache(
        read_folder_of_folders(Path(release)),
        spec=SPEC,
        folder=Path(cache),
        jobs=2,
        shard_bytes=int(images) * IMAGE_BYTES,
        on_image=lambda: _tell("image"),
    )
    _tell(f"done {filled.prepared}")

"""The hashes by which images of a release are known again: of the file, and of the picture in it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from hilum.bundle.seen_images import FILE_HASH_BYTES, ImageHashes, no_hashes
from hilum.datasets.records.record import Record
from hilum.errors import HilumError
from hilum.imaging.decode import decode, read_file
from hilum.imaging.perceptual_hash import HASH_BYTES, Prints, perceptual_hash


def image_hashes(records: Sequence[Record], *, jobs: int = 1) -> ImageHashes:
    """The hashes of the records' images, in their order; `jobs` images are decoded at the same time.

    A file that cannot be decoded is known by its file alone: its picture has the zeros of one without structure.
    """
    if not records:
        return no_hashes()
    files = [bytes.fromhex(record.sha256)[:FILE_HASH_BYTES] for record in records]
    return ImageHashes(
        files=np.frombuffer(b"".join(files), np.uint8).reshape(-1, FILE_HASH_BYTES),
        pictures=picture_hashes(records, jobs=jobs),
    )


def picture_hashes(records: Sequence[Record], *, jobs: int = 1) -> Prints:
    """The perceptual hashes alone, uint8 (N, 32), of the records in their order."""
    with ThreadPoolExecutor(jobs, thread_name_prefix="hilum-hash") as pool:
        found = b"".join(pool.map(_picture_hash, records))
    return np.frombuffer(found, np.uint8).reshape(-1, HASH_BYTES)


def _picture_hash(record: Record) -> bytes:
    try:
        return perceptual_hash(decode(read_file(record.path), name=record.image).pixels)
    except HilumError:
        return bytes(HASH_BYTES)

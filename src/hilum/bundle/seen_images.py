"""By which a bundle knows again the images that it was trained on and validated on: short hashes, and no picture.

`training-images.bin`: the line `hilum.training-images/1`, two counts (uint32, little endian: train, validation), then
for each image the first 8 bytes of the SHA-256 of its file and the 32 bytes of its perceptual hash, sorted within each
of the two parts. Who has the file can tell whether a picture at hand was among them; that is what it is for.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from hilum.bundle.load import TRAINING_IMAGES, Bundle
from hilum.errors import BundleError
from hilum.imaging.perceptual_hash import HASH_BYTES, Prints

FILE_HASH_BYTES = 8
_MAGIC = b"hilum.training-images/1\n"
_COUNTS = struct.Struct("<II")
_ROW_BYTES = FILE_HASH_BYTES + HASH_BYTES


@dataclass(frozen=True, slots=True, eq=False)
class ImageHashes:
    """Hashes of N images: `files` uint8 (N, 8), the beginning of each file's SHA-256, and `pictures` uint8 (N, 32)."""

    files: Prints
    pictures: Prints

    def __post_init__(self) -> None:
        n = len(self.files)
        if self.files.shape != (n, FILE_HASH_BYTES) or self.pictures.shape != (n, HASH_BYTES):
            raise ValueError(f"hashes must be (N, 8) and (N, 32), not {self.files.shape} and {self.pictures.shape}")

    def __len__(self) -> int:
        return len(self.files)

    def rows(self) -> Prints:
        """Both hashes of each image side by side, uint8 (M, 40), each image once, sorted."""
        return np.unique(np.hstack([self.files, self.pictures]), axis=0)


@dataclass(frozen=True, slots=True, eq=False)
class SeenImages:
    """`train`: what the weights were fitted on; `validation`: what epochs, calibration or operating points were."""

    train: ImageHashes
    validation: ImageHashes


def no_hashes() -> ImageHashes:
    """The hashes of no image."""
    return ImageHashes(np.zeros((0, FILE_HASH_BYTES), np.uint8), np.zeros((0, HASH_BYTES), np.uint8))


def joined(*parts: ImageHashes) -> ImageHashes:
    """The images of all `parts`, one part or more."""
    return ImageHashes(np.vstack([one.files for one in parts]), np.vstack([one.pictures for one in parts]))


def seen_images_bytes(images: SeenImages) -> bytes:
    """The content of `training-images.bin`; the same images in any order give the same bytes."""
    train, validation = images.train.rows(), images.validation.rows()
    return _MAGIC + _COUNTS.pack(len(train), len(validation)) + train.tobytes() + validation.tobytes()


def seen_images_of(bundle: Bundle) -> SeenImages | None:
    """The images that `bundle` was made with, or None where it does not name them.

    Raises `BundleError` where the file is gone, altered or none of this version's.
    """
    if TRAINING_IMAGES not in bundle.card.files:
        return None
    content = bundle.read(TRAINING_IMAGES)
    head = len(_MAGIC) + _COUNTS.size
    if not content.startswith(_MAGIC) or len(content) < head:
        raise _unreadable(bundle)
    train, validation = _COUNTS.unpack(content[len(_MAGIC) : head])
    if len(content) != head + _ROW_BYTES * (train + validation):
        raise _unreadable(bundle)
    rows = np.frombuffer(content, np.uint8, offset=head).reshape(-1, _ROW_BYTES)
    return SeenImages(train=_hashes(rows[:train]), validation=_hashes(rows[train:]))


def _hashes(rows: Prints) -> ImageHashes:
    return ImageHashes(rows[:, :FILE_HASH_BYTES], rows[:, FILE_HASH_BYTES:])


def _unreadable(bundle: Bundle) -> BundleError:
    return BundleError(
        f"{bundle.folder / TRAINING_IMAGES} has another format than {_MAGIC.decode().strip()}. Install the version of "
        "hilum that wrote the bundle, or copy it again"
    )

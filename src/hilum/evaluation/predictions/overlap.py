"""Which of the judged images the model saw in its training: the same files, and the same pictures in other files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from hilum.bundle.seen_images import ImageHashes, SeenImages
from hilum.imaging.perceptual_hash import NEAR_BITS, nearest
from hilum.statistics.outcomes import BoolArray

Seen = Literal["no", "train: same file", "validation: same file", "train: same picture", "validation: same picture"]
"""Where an image stood in the training; a file counts before a picture, and train before validation."""

NO: Seen = "no"
SEEN: tuple[Seen, ...] = get_args(Seen)
TRAINED = "train: "
"""How those of `SEEN` begin that the weights were fitted on."""
NOT_NAMED = (
    "The model does not name its training images, so it was not counted how many of these images are among them."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """How many of `images` were trained on, and how many of the others epochs, calibration or points were chosen on.

    `files` are byte-identical; `pictures` are other files whose perceptual hash is within `NEAR_BITS`.
    """

    images: int
    train_files: int
    train_pictures: int
    validation_files: int
    validation_pictures: int

    @property
    def train(self) -> int:
        """Images that the weights were fitted on."""
        return self.train_files + self.train_pictures

    @property
    def validation(self) -> int:
        """Images that epochs, calibration or operating points were chosen on."""
        return self.validation_files + self.validation_pictures

    @property
    def found(self) -> bool:
        """Whether there is any."""
        return self.train + self.validation > 0


def seen_before(images: ImageHashes, *, training: SeenImages) -> tuple[Seen, ...]:
    """For each of N images where `training` has it."""
    found: list[Seen] = [NO] * len(images)
    looked: tuple[tuple[Seen, BoolArray], ...] = (
        ("validation: same picture", _same_picture(images, among=training.validation)),
        ("train: same picture", _same_picture(images, among=training.train)),
        ("validation: same file", _same_file(images, among=training.validation)),
        ("train: same file", _same_file(images, among=training.train)),
    )
    for where, rows in looked:
        for row in np.flatnonzero(rows):
            found[row] = where
    return tuple(found)


def overlap_of(seen: Sequence[str | None] | None) -> Overlap | None:
    """The counts over `seen`, or None where it is not known of every image."""
    if seen is None or any(one is None for one in seen):
        return None
    counts = Counter(seen)
    return Overlap(
        images=len(seen),
        train_files=counts["train: same file"],
        train_pictures=counts["train: same picture"],
        validation_files=counts["validation: same file"],
        validation_pictures=counts["validation: same picture"],
    )


def in_words(overlap: Overlap) -> str:
    """For example `trained on 12 of these 40 images (10 the same file, 2 the same picture in another file)`."""
    said = [
        f"{verb} {files + pictures:,} of these {overlap.images:,} images ({files:,} the same file, {pictures:,} the "
        "same picture in another file)"
        for verb, files, pictures in (
            ("trained on", overlap.train_files, overlap.train_pictures),
            ("chosen or calibrated on", overlap.validation_files, overlap.validation_pictures),
        )
        if files + pictures
    ]
    return " and ".join(said) or f"trained and validated on none of these {overlap.images:,} images"


def overlap_caution(overlap: Overlap | None) -> str | None:
    """The sentence that a reader must know before any number, or None where nothing overlaps or it is not known."""
    if overlap is None or not overlap.found:
        return None
    return f"The model was {in_words(overlap)}: these numbers flatter it."


def _same_file(images: ImageHashes, *, among: ImageHashes) -> BoolArray:
    known = {row.tobytes() for row in among.files}
    return np.array([row.tobytes() in known for row in images.files], np.bool_)


def _same_picture(images: ImageHashes, *, among: ImageHashes) -> BoolArray:
    if not len(among) or not len(images):
        return np.zeros(len(images), np.bool_)
    return np.asarray(nearest(images.pictures, among=among.pictures)[1] <= NEAR_BITS)

"""Which images a quantisation may look at: training images for its ranges, validation images to judge it on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hilum.bundle.load import Bundle
from hilum.bundle.seen_images import FILE_HASH_BYTES, ImageHashes, seen_images_of
from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.evaluation.bundles.part import known_truth

SEED = 20_261_128


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantisingImages:
    """`calibration` are training images, `validation` those of the bundle's own validation; neither is held out."""

    calibration: tuple[Record, ...]
    validation: tuple[Record, ...]

    @property
    def calibration_hashes(self) -> tuple[str, ...]:
        """The SHA-256 of each calibration file, sorted."""
        return tuple(sorted({record.sha256 for record in self.calibration}))

    @property
    def validation_sha256(self) -> str:
        """A SHA-256 over those of the validation files, in any order."""
        return hashlib.sha256("\n".join(sorted(record.sha256 for record in self.validation)).encode()).hexdigest()


def quantising_images(records: Sequence[Record], *, bundle: Bundle, count: int) -> QuantisingImages:
    """Of `records`, those that the bundle was validated on, and `count` of those that it was trained on.

    They are known again by their files, which the bundle lists; a file in both parts is in neither. The draw of
    training images is the same every time. Raises `DataError` where the bundle lists none, and where none of a part is
    among the records.
    """
    seen = seen_images_of(bundle)
    name = bundle.card.name
    if seen is None:
        raise DataError(
            f"{name} does not name its training images, so nothing tells which images it was validated on. Train it "
            "again with this version of hilum"
        )
    train, validation = _files(seen.train), _files(seen.validation)
    open_records = sorted((one for one in records if not is_held_out(one)), key=lambda one: (one.source, one.image))
    trained = [one for one in open_records if _file(one) in train - validation]
    judged = [one for one in open_records if _file(one) in validation - train and _speaks(one, bundle=bundle)]
    for found, part in ((trained, "training"), (judged, "validation")):
        if not found:
            raise DataError(
                f"None of the {len(records):,} images is a {part} image of {name}. Give the data that it was trained "
                f"on: {'; '.join(bundle.card.training.data) or 'unknown'}"
            )
    drawn = np.random.default_rng(SEED).permutation(len(trained))[:count]
    return QuantisingImages(calibration=tuple(trained[row] for row in sorted(drawn.tolist())), validation=tuple(judged))


def _files(images: ImageHashes) -> frozenset[bytes]:
    return frozenset(row.tobytes() for row in images.files)


def _file(record: Record) -> bytes:
    return bytes.fromhex(record.sha256)[:FILE_HASH_BYTES]


def _speaks(record: Record, *, bundle: Bundle) -> bool:
    return any(known_truth(record, label=label) is not None for label in bundle.card.label_names)

"""Before a part is read: which of its images the model saw in its training; a test on such images is refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hilum.bundle.load import Bundle
from hilum.bundle.seen_images import seen_images_of
from hilum.datasets.records.image_hashes import image_hashes
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.evaluation.bundles.part import AskedPart
from hilum.evaluation.bundles.predict import image_names
from hilum.evaluation.predictions.overlap import (
    NO,
    NOT_NAMED,
    Overlap,
    Seen,
    in_words,
    overlap_caution,
    overlap_of,
    seen_before,
)
from hilum.reading.engines.engine import available_cores
from hilum.whole_files import write_whole

OVERLAP_NAME = "overlap.csv"


def seen_records(records: Sequence[Record], *, bundle: Bundle) -> tuple[Seen, ...] | None:
    """For each record where the training of `bundle` saw its image, or None where the bundle names no images.

    Every picture is decoded once. Raises `BundleError` where the bundle's file of training images is altered.
    """
    training = seen_images_of(bundle)
    if training is None:
        return None
    return seen_before(image_hashes(records, jobs=available_cores()), training=training)


def seen_part(part: AskedPart, *, bundle: Bundle, folder: Path | None, allowed: bool) -> dict[str, Seen] | None:
    """By the image's name where the model's training saw it; `folder/overlap.csv` names those that it saw.

    None where the bundle names no images; without a folder nothing is listed. Raises `DataError` for a test with any,
    unless that is `allowed`.
    """
    found = seen_records(part.records, bundle=bundle)
    if found is None:
        return None
    seen: dict[str, Seen] = {}
    for name, where in zip(image_names(part.records), found, strict=True):
        seen.setdefault(name, where)
    listed = None if folder is None else write_overlap(seen, folder=folder)
    if part.is_test and not allowed:
        refuse_seen(found, bundle=bundle, listed=listed)
    return seen


def with_overlap(part: AskedPart, *, overlap: Overlap | None) -> AskedPart:
    """The part with what a reader must know of images that the model saw in its training."""
    said = NOT_NAMED if overlap is None else overlap_caution(overlap)
    return part if said is None else replace(part, cautions=(*part.cautions, said))


def refuse_seen(seen: Sequence[Seen] | None, *, bundle: Bundle, listed: Path | None = None) -> None:
    """Raise `DataError` where the model saw any of the images of a test; `listed` is the file that names them."""
    overlap = overlap_of(seen)
    if overlap is None or not overlap.found:
        return
    names = "" if listed is None else f" ({listed} names them)"
    raise DataError(
        f"{bundle.card.name} {bundle.card.version} was {in_words(overlap)}, so this is no test of it. Take these "
        f"images out of the data{names}, or give --allow-overlap to judge it anyway, with a caution"
    )


def write_overlap(seen: Mapping[str, Seen], *, folder: Path) -> Path | None:
    """Write `folder/overlap.csv`, which names each image that was seen and where; None where there is none."""
    found = [(image, where) for image, where in seen.items() if where != NO]
    path = folder / OVERLAP_NAME
    if not found:
        path.unlink(missing_ok=True)
        return None
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("image", "seen"), *found])
    write_whole(path, text.getvalue().encode())
    return path


def overlap_fact(overlap: Overlap | None, *, bundle: Bundle) -> str:
    """One line for the report: what was found, and what the images were compared with."""
    training = seen_images_of(bundle)
    if overlap is None or training is None:
        return "not counted: the model does not name its training images"
    return (
        f"the model was {in_words(overlap)}; compared by file and by perceptual hash with "
        f"{len(training.train):,} training and {len(training.validation):,} validation images"
    )

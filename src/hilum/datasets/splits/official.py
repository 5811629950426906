"""The split of a study: the release's own test set, and the rest by patient, stratified over labels.

No image of the official test set, no copy of one, and no boxed image ever enters a part that something is fitted on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.record import Record
from hilum.datasets.splits.over_labels import split_over_labels
from hilum.datasets.splits.split import TEST, Split, unit_of, without_copies_of
from hilum.errors import DataError

BoxedImages = Literal["test only", "anywhere"]
"""`test only` refuses boxed images in any other part (ChestX-ray14); `anywhere` is for releases that box all parts."""


def split_with_official_test(
    records: Sequence[Record],
    *,
    shares: Mapping[str, float],
    seed: int,
    test: Sequence[str] = (TEST,),
    boxed: BoxedImages = "test only",
) -> Split:
    """The part `test` holds what the releases hold out and the official parts in `test`; `shares` sizes the others.

    The others' images that stand byte for byte in the test set are left out. Where nothing is held out the part `test`
    is empty, and the protocol says so. Raises `DataError` where there is nothing
    to share out, a patient stands in the test set and outside, or a boxed image would be fitted on; `ValueError` where
    `shares` names a part `test`.
    """
    if TEST in shares:
        raise ValueError("shares must not name the part test: it is the official one")
    held_out, rest = held_out_and_rest(records, test=test)
    kept = without_copies_of(rest, held_out=held_out)
    if not kept:
        raise DataError(
            f"All images belong to the official {'/'.join(test)} set; there is none to train on. Check the folder of "
            "the data set"
        )
    if boxed == "test only":
        _refuse_boxed(kept)
    parts = split_over_labels(kept, shares=shares, seed=seed)
    said = ", ".join(f"{name} {share:g}" for name, share in shares.items())
    protocol = (
        f"{in_words(held_out)}; the rest by {unit_of(records)}, iterative stratification "
        f"over labels and strata, seed {seed}: {said}; {len(rest) - len(kept)} copies of test images left out"
    )
    return Split({**parts, TEST: held_out}, protocol)


def held_out_and_rest(records: Sequence[Record], *, test: Sequence[str]) -> tuple[tuple[Record, ...], list[Record]]:
    """What is held out, by its release or because its official part is in `test`, and everything else, in order."""
    kept_out = [is_held_out(record) or record.official in test for record in records]
    return (
        tuple(record for record, out in zip(records, kept_out, strict=True) if out),
        [record for record, out in zip(records, kept_out, strict=True) if not out],
    )


def in_words(held_out: Sequence[Record]) -> str:
    """What the part `test` is, for a protocol: `official test as test (624 images)`."""
    if not held_out:
        return "no image is held out, so that there is no test"
    parts = "/".join(sorted({record.official or "held out" for record in held_out}))
    return f"official {parts} as test ({len(held_out)} images)"


def _refuse_boxed(records: Sequence[Record]) -> None:
    first = next((record for record in records if record.boxes), None)
    if first is not None:
        raise DataError(
            f"{first.source} {first.image} has boxes but is outside the official test set. Boxes judge heatmaps and "
            "must not be fitted on: leave it out, or say boxed='anywhere' where a data set has boxes in all parts"
        )

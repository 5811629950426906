"""Pictures that a release holds out and gives again in another file, among those that are to be fitted on.

A copy to the byte is known by its hash (`split.without_copies_of`), and a picture in two releases by their mixing
(`mixed`); this finds the one that was saved again, resized or converted within a release.
"""

from __future__ import annotations

from collections.abc import Sequence

from hilum.datasets.records.image_hashes import picture_hashes
from hilum.datasets.records.record import Record
from hilum.datasets.splits.mixed import LeftOut
from hilum.imaging.perceptual_hash import NEAR_BITS, nearest


def shows_held_out(records: Sequence[Record], *, held_out: Sequence[Record], jobs: int = 1) -> tuple[LeftOut, ...]:
    """Those of `records` that show a picture of `held_out`, and the other images of their patients.

    Two pictures are one where their perceptual hashes are within `NEAR_BITS`. Every picture is decoded once, `jobs` at
    the same time.
    """
    if not records or not held_out:
        return ()
    rows, bits = nearest(picture_hashes(records, jobs=jobs), among=picture_hashes(held_out, jobs=jobs))
    same = {
        id(record): held_out[row]
        for record, row, distance in zip(records, rows, bits, strict=True)
        if distance <= NEAR_BITS
    }
    people = {record.patient for record in records if id(record) in same}
    left_out = []
    for record in records:
        original = same.get(id(record))
        if original is not None:
            why = f"{original.source} {original.image} is the same picture, and held out"
            left_out.append(LeftOut(record=record, reason="the same picture stands elsewhere in the data", why=why))
        elif record.patient in people:
            why = f"a picture of its patient is held out in {record.source}"
            left_out.append(LeftOut(record=record, reason="its patient stands in a held-out test set", why=why))
    return tuple(left_out)
